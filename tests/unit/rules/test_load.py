"""Several files at once: all that is wrong in all of them, in order."""

from __future__ import annotations

import bz2
import gzip
import io
import pickle
import zipfile
from pathlib import Path

import pytest

from coincide.errors import Problems
from coincide.rules.errors import ModelRefused
from coincide.rules.load import Context, load, load_text

RULE = """\
rule: {id}
title: An example
status: {status}
severity: high
why: It shows.
basis: {{purpose: public-safety, law: a law}}
innocent: [a hobby]
events: purchase
within: 30 days
velocity: {{at_least: 3}}
"""


def write(folder: Path, name: str, *rules: str) -> Path:
    path = folder / name
    path.write_text("---\n".join(rules), encoding="utf-8")
    return path


def test_rules_come_in_the_order_of_files_and_documents(tmp_path: Path) -> None:
    first = write(tmp_path, "b.yaml", RULE.format(id="b1", status="live"), RULE.format(id="b2", status="live"))
    second = write(tmp_path, "a.yaml", RULE.format(id="a1", status="draft"))
    found = load([first, second], context=Context(), folder=tmp_path)
    assert [(loaded.plan.rule, loaded.file) for loaded in found] == [
        ("b1", "b.yaml"),
        ("b2", "b.yaml"),
        ("a1", "a.yaml"),
    ]
    assert found[2].text == second.read_text("utf-8")


def test_all_files_are_checked_and_their_problems_sorted_by_place(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, "b.yaml", RULE.format(id="b", status="wrong").replace("high", "higher")),
        tmp_path / "missing.yaml",
        write(tmp_path, "a.yaml", RULE.format(id="A", status="live")),
        tmp_path,
    ]
    with pytest.raises(Problems) as caught:
        load(paths, context=Context(), folder=tmp_path)
    places = [(problem.code, str(problem.where)) for problem in caught.value.problems]
    assert places == [
        ("COI-R001", "."),
        ("COI-R014", "a.yaml:1:7"),
        ("COI-R013", "b.yaml:3:9"),
        ("COI-R013", "b.yaml:4:11"),
        ("COI-R001", "missing.yaml"),
    ]


def test_two_rules_of_one_id_are_found_across_files(tmp_path: Path) -> None:
    paths = [write(tmp_path, name, RULE.format(id="same", status="live")) for name in ("a.yaml", "b.yaml")]
    with pytest.raises(Problems) as caught:
        load(paths, context=Context(), folder=tmp_path)
    (problem,) = caught.value.problems
    assert problem.code == "COI-R015"
    assert str(problem.where) == "b.yaml:1:7"
    assert "a.yaml:1:7" in problem.message


def test_files_that_are_no_text_or_too_large_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"rule: \xff\xff")
    (tmp_path / "b.yaml").write_bytes(b"# " + b"x" * 1_000_000)
    with pytest.raises(Problems) as caught:
        load(sorted(tmp_path.glob("*.yaml")), context=Context(), folder=tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["COI-R002", "COI-R003"]


def archived() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("data.pkl", b"weights")
    return made.getvalue()


MODELS = {
    **{f"pickle-{number}": pickle.dumps({"coef": [0.5]}, protocol=number) for number in range(2, 6)},
    "torch": archived(),
    "joblib": gzip.compress(pickle.dumps([1])),
    "joblib-bz2": bz2.compress(pickle.dumps([1])),
    "onnx": b"\x08\x08\x12\x07pytorch\x1a\x051.13.",
    "hdf5": b"\x89HDF\r\n\x1a\n",
    "gguf": b"GGUF\x03\x00\x00\x00",
    "tflite": b"\x1c\x00\x00\x00TFL3",
}


@pytest.mark.parametrize("data", MODELS.values(), ids=list(MODELS))
def test_a_model_file_as_a_rule_is_refused_with_the_article(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    write(tmp_path, "b.yaml", RULE.format(id="b", status="live"))
    with pytest.raises(Problems) as caught:
        load(sorted(tmp_path.glob("*.yaml")), context=Context(), folder=tmp_path)
    (problem,) = caught.value.problems
    assert isinstance(problem, ModelRefused)
    assert "2024/1689, Article 5(1)(d)" in problem.message
    assert str(problem.where) == "a.yaml"


@pytest.mark.parametrize("key", ["model", "classifier", "weights", "predict", "score", "risk"])
def test_a_key_that_asks_for_a_model_is_refused_whatever_else_stands_there(key: str) -> None:
    with pytest.raises(Problems) as caught:
        load_text(RULE.format(id="a", status="live") + f"{key}: thieves.onnx\n", context=Context())
    assert [problem.code for problem in caught.value.problems] == ["COI-R086"]


def test_a_mistake_in_one_rule_keeps_no_other_from_being_checked() -> None:
    text = "---\n".join(RULE.format(id=id_, status=status) for id_, status in [("a", "x"), ("b", "live"), ("c", "y")])
    with pytest.raises(Problems) as caught:
        load_text(text, context=Context())
    assert [str(problem.where) for problem in caught.value.problems] == ["rule:3:9", "rule:25:9"]


def test_no_files_are_no_rules() -> None:
    assert load([], context=Context()) == []


@pytest.mark.parametrize(
    "lines",
    [
        [f"key{number}: a" for number in range(5_000)],
        ["key: a"] * 5_000,
        ["- a\n---"] * 5_000,
        ["combination: {at_least: 1, of: [" + "tymer, " * 10_000 + "tymer]}"],
        ["tests:", *["- {name: a}"] * 5_000],
    ],
)
def test_a_file_of_endless_mistakes_is_given_up_after_a_hundred(lines: list[str]) -> None:
    with pytest.raises(Problems) as caught:
        load_text("\n".join(lines), context=Context(components=frozenset({"timer"})))
    problems = caught.value.problems
    assert len(problems) == 101
    assert [problem.code for problem in problems].count("COI-R080") == 1


def test_other_files_are_checked_after_one_that_was_given_up(tmp_path: Path) -> None:
    paths = [
        write(tmp_path, "a.yaml", *["x: y\n"] * 500),
        write(tmp_path, "b.yaml", RULE.format(id="b", status="wrong")),
    ]
    with pytest.raises(Problems) as caught:
        load(paths, context=Context(), folder=tmp_path)
    assert "b.yaml:3:9" in [str(problem.where) for problem in caught.value.problems]
