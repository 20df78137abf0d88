"""Rule files and the exact text a user sees: what is wrong, or the rules in plain English.

``COINCIDE_RECORD=1 pytest tests/unit/rules/test_golden.py`` writes the ``.out`` files again; read the
difference before committing it.
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest

from coincide.cli import render
from coincide.errors import Problems
from coincide.obligations.load import load as load_obligations
from coincide.rules import errors
from coincide.rules.explain import explain
from coincide.rules.load import Context, load
from coincide.settings import Attribute

FOLDER = Path(__file__).parents[2] / "golden" / "rules"
CASES = sorted(FOLDER.glob("*.yaml"))
CONTEXT = Context(
    components=frozenset({"pressure-vessel", "timer", "energetic", "steel-balls"}),
    link_kinds=frozenset({"card", "device"}),
    lists=frozenset({"licences"}),
    attributes={
        "age_group": Attribute(type="text", reviewed_by="data protection officer", reviewed_on=date(2025, 1, 15)),
        "basket_size": Attribute(type="number"),
        "religion": Attribute(type="text", reviewed_by="data protection officer", reviewed_on=date(2025, 1, 15)),
    },
    obligations={id_: loaded.obligation for id_, loaded in load_obligations().items()},
)

# Found before there is a text to show: they have tests of their own in test_load.py and
# test_rules_command.py and test_format.py.
WITHOUT_CASE = {"COI-R001", "COI-R002", "COI-R003", "COI-R009", "COI-R080", "COI-R082"}


def said(path: Path) -> str:
    try:
        rules = load([path], context=CONTEXT, folder=path.parent)
    except Problems as error:
        return render.text(error) + "\n"
    return "\n".join(f"{loaded.plan.rule}: {explain(loaded.plan)}" for loaded in rules) + "\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_is_said_of_a_rule_file_is_exactly_what_was_recorded(path: Path) -> None:
    expected = path.with_suffix(".out")
    if os.environ.get("COINCIDE_RECORD") == "1":
        expected.write_text(said(path), encoding="utf-8")
    assert said(path) == expected.read_text("utf-8")


@pytest.mark.parametrize("path", [p for p in CASES if re.match(r"r\d{3}", p.stem)], ids=lambda path: path.stem)
def test_a_case_named_after_a_code_provokes_that_code_and_no_other_part_of_the_rule_is_blamed(path: Path) -> None:
    with pytest.raises(Problems) as caught:
        load([path], context=CONTEXT)
    codes = {problem.code for problem in caught.value.problems}
    assert f"COI-{path.stem[:4].upper()}" in codes


def test_every_code_of_rules_is_used_once_and_has_a_case() -> None:
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, errors.RuleError)]
    codes = [cls.code for cls in classes if cls.code]
    assert len(codes) == len(set(codes))
    recorded = set(re.findall(r"COI-R\d{3}", "".join(path.with_suffix(".out").read_text("utf-8") for path in CASES)))
    assert set(codes) == recorded | WITHOUT_CASE
    assert all(cls.__doc__ and cls.__doc__.splitlines()[0].endswith(".") for cls in classes)
