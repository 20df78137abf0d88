"""The frame of a page: text stays text, in a template and in a script, and a policy names what stands in the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coincide.html.frame import clock, digest, environment, visible

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def rendered(folder: Path, template: str, **values: object) -> str:
    (folder / "page.html").write_text(template, encoding="utf-8")
    return environment(folder).get_template("page.html").render(**values)


def test_text_is_escaped_and_what_steers_the_reading_is_made_visible(tmp_path: Path) -> None:
    assert rendered(tmp_path, "{{ it }}", it="<b>&\u202e\x1b") == "&lt;b&gt;&amp;\ufffd\ufffd"


def test_a_name_that_is_not_given_is_an_error_and_no_empty_text(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="'it' is undefined"):
        rendered(tmp_path, "{{ it }}")


@given(TEXTS)
def test_json_for_a_script_comes_back_and_holds_nothing_that_ends_the_script(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    made = rendered(tmp_path_factory.getbasetemp(), "{{ it | tojson }}", it={"b": text, "a": [text]})
    assert json.loads(made) == {"b": text, "a": [text]}
    assert not set(made) & set("<>&'\u2028\u2029")
    assert list(json.loads(made)) == ["b", "a"], "in the order in which it was"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_json_for_a_script_has_only_finite_numbers(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        rendered(tmp_path, "{{ it | tojson }}", it=[value])


@given(TEXTS)
def test_visible_text_is_as_long_and_twice_made_visible_is_the_same(text: str) -> None:
    made = str(visible(text))
    assert len(made) == len(text)
    assert visible(made) == made
    assert all(new in (old, "\ufffd") for old, new in zip(text, made, strict=True))


def test_what_is_no_text_stays_as_it_is() -> None:
    assert visible(7) == 7
    assert visible(None) is None


def test_a_policy_names_a_script_by_its_hash() -> None:
    # Of nothing: `openssl dgst -sha256 -binary | base64`.
    assert digest("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    assert digest("é") != digest("e")


@pytest.mark.parametrize(
    ("at", "read"),
    [
        ("2017-03-11T01:12:06Z", "2017-03-11 01:12:06 UTC"),
        ("2017-03-11T01:12:06.390134Z", "2017-03-11 01:12:06 UTC"),
        ("2017-03-11T01:12:06.5+02:00", "2017-03-11 01:12:06 +02:00"),
    ],
)
def test_a_time_is_read_to_the_second(at: str, read: str) -> None:
    assert clock(at) == read
