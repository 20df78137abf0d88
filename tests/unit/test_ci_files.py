"""The hooks of pre-commit and the action of GitHub: they call commands that exist, with options that they take.

That the files are what pre-commit and GitHub read was tried with ``pre-commit try-repo`` and with
``check-jsonschema --builtin-schema vendor.github-actions action.yml``.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from coincide.cli.main import coincide

ROOT = Path(__file__).parents[2]


def read(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((ROOT / name).read_text("utf-8"))


HOOKS = {hook["id"]: hook for hook in read(".pre-commit-hooks.yaml")}
ACTION = read("action.yml")
SCRIPTS = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
CALLS = [hook["entry"] for hook in HOOKS.values()] + re.findall(r"coincide [^>\n]*", "\n".join(SCRIPTS))


@pytest.mark.parametrize("call", CALLS)
def test_a_command_that_is_called_exists_and_takes_the_options(call: str) -> None:
    words = shlex.split(call)[1:]
    with click.Context(coincide) as context:
        _, group, rest = coincide.resolve_command(context, words)
        assert isinstance(group, click.Group)
        _, command, options = group.resolve_command(context, rest)
        assert command is not None
        command.make_parser(context).parse_args([option.replace("$WORKSPACE", "shop") for option in options])


def test_the_action_checks_lays_out_and_tests() -> None:
    called = {shlex.split(call)[2] for call in CALLS if not call.endswith("coincide")}
    assert called == {"check", "fmt", "test"}


def test_no_value_from_outside_is_text_of_a_script() -> None:
    """An input that holds a command would run it: values come as variables."""
    assert [script for script in SCRIPTS if "${{" in script] == []
    assert all(step["shell"] == "bash" for step in ACTION["runs"]["steps"] if "run" in step)


def test_every_input_is_used_and_has_a_default() -> None:
    text = (ROOT / "action.yml").read_text("utf-8")
    used = set(re.findall(r"inputs\.([a-z-]+)", text))
    assert used == set(ACTION["inputs"])
    assert all("default" in value and value["description"] for value in ACTION["inputs"].values())


@pytest.mark.parametrize(
    ("hook", "path", "looked_at"),
    [
        ("coincide-rules-fmt", "rules/a.yaml", True),
        ("coincide-rules-fmt", "shops/north/rules/a.yml", True),
        ("coincide-rules-fmt", "rules/old/a.yaml", False),
        ("coincide-rules-fmt", "my-rules/a.yaml", False),
        ("coincide-rules-fmt", "rules/rule.schema.json", False),
        ("coincide-rules-check", "rules/a.yaml", True),
        ("coincide-rules-check", "coincide.toml", True),
        ("coincide-rules-check", "shops/north/catalog.csv", True),
        ("coincide-rules-check", "lists/licences.csv", True),
        ("coincide-rules-check", "purchases/2025-03.csv", False),
    ],
)
def test_a_hook_runs_for_the_files_that_it_is_about(hook: str, path: str, looked_at: bool) -> None:
    assert bool(re.search(HOOKS[hook]["files"], path)) is looked_at


def test_the_hook_that_checks_looks_at_the_whole_workspace() -> None:
    assert HOOKS["coincide-rules-check"]["pass_filenames"] is False
    assert all(hook["language"] == "python" for hook in HOOKS.values())
