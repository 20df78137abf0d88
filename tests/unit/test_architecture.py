"""Promises about the shape of the code: no score of a person, layers, names, a typed package."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from pydantic import BaseModel
from sqlalchemy import MetaData

import coincide

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "coincide"

# What ranks or grades. `severity` is a rule's, of acts; `status` and `strength` are no grades of people.
GRADES = re.compile(
    r"(^|_)(score|scores|scoring|rank|ranks|ranking|grade|grades|rating|risk|riskiness|suspicion|reputation|trust)(_|$)"
)


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(coincide.__path__, "coincide."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            yield module.name


def _files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_no_field_of_any_type_ranks_or_grades() -> None:
    found = []
    for name in _modules():
        for kind in vars(importlib.import_module(name)).values():
            if not isinstance(kind, type) or not kind.__module__.startswith("coincide."):
                continue
            names = [field.name for field in fields(kind)] if is_dataclass(kind) else []
            names += list(kind.model_fields) if issubclass(kind, BaseModel) else []
            found += [f"{kind.__module__}.{kind.__name__}.{field}" for field in names if GRADES.search(field)]
    assert sorted(set(found)) == []


def test_no_table_or_column_ranks_or_grades() -> None:
    tables = {
        table.name: table
        for name in _modules()
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, MetaData)
        for table in value.tables.values()
    }
    assert tables, "the tables were not found, so nothing was checked"
    names = [*tables, *(f"{table.name}.{column.name}" for table in tables.values() for column in table.columns)]
    assert [name for name in names if any(GRADES.search(part) for part in name.split("."))] == []


def test_no_option_of_a_command_ranks_or_grades() -> None:
    from coincide.cli.main import COMMANDS, load

    names = [option.name or "" for entry in COMMANDS for option in load(entry).params]
    assert [name for name in names if GRADES.search(name)] == []


def test_imports_point_up_the_list_of_layers_only() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("word", ["manager", "helper", "helpers", "util", "utils", "common", "misc"])
def test_nothing_is_named_for_what_does_not_say_what_it_is(word: str) -> None:
    found = [str(file.relative_to(ROOT)) for file in _files() if word in re.split(r"[_.]", file.stem.lower())]
    for file in _files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and word in re.findall(r"[A-Z]?[a-z]+", node.name.lower()):
                found.append(f"{file.name}: {node.name}")
            if isinstance(node, ast.ClassDef) and re.search(rf"{word.capitalize()}s?$", node.name):
                found.append(f"{file.name}: {node.name}")
    assert found == []


def test_every_module_says_first_what_it_answers_for() -> None:
    silent = [str(file.relative_to(ROOT)) for file in _files() if not ast.get_docstring(ast.parse(file.read_text()))]
    assert silent == []


def _calls(files: list[Path], names: tuple[str, ...]) -> list[str]:
    """Places where a built-in of one of these names is called."""
    return [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]


def test_nothing_below_the_screens_prints() -> None:
    assert _calls([file for file in _files() if "cli" not in file.relative_to(SOURCE).parts], ("print",)) == []


def test_nothing_is_ever_evaluated_as_code() -> None:
    assert _calls(_files(), ("eval", "exec")) == []


def _imported(file: Path) -> set[str]:
    """The first names of all modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


def test_no_detector_of_persons_is_in_the_package_nor_in_what_it_installs() -> None:
    """Regulation (EU) 2024/1689, Article 5(1)(d): it is compared with, outside of the package (ADR 0032)."""
    import tomllib

    forbidden = {"evaluation", "pyod", "sklearn", "joblib", "pickle", "onnxruntime", "torch", "xgboost", "lightgbm"}
    assert {file.name: _imported(file) & forbidden for file in _files() if _imported(file) & forbidden} == {}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["src/coincide"]
    assert "evaluation" not in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    extras = project["project"].get("optional-dependencies", {})
    installed = [*project["project"]["dependencies"], *(one for extra in extras.values() for one in extra)]
    assert [one for one in installed if re.match(r"(pyod|scikit-learn|torch|onnx)", one)] == []
    assert not (SOURCE / "evaluation").exists()


def test_every_skip_that_is_permitted_has_a_reason() -> None:
    import tomllib

    entries = tomllib.loads((ROOT / "tests" / "skips.toml").read_text(encoding="utf-8"))["skip"]
    assert all(entry["reason"].strip() and entry["test"].strip() for entry in entries)


def test_the_package_says_that_it_is_typed() -> None:
    assert (SOURCE / "py.typed").exists()


def test_the_version_is_one() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == coincide.__version__
