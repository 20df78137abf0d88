"""Findings as JUnit XML, which every CI server reads: a test case for each rule, or for each test in a rule.

There is no standard; this keeps to what Jenkins' and GitLab's readers have in common: ``testsuites``, ``testsuite``,
``testcase`` and ``failure``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from coincide.errors import CoincideError
from coincide.rules.listing import Listed

# What XML 1.0 cannot hold, not even escaped (section 2.2).
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Case:
    """One test case: where it belongs, what it is called, and each failure with its kind and its text."""

    group: str
    name: str
    failures: tuple[tuple[str, str, str], ...] = ()


def text(suite: str, cases: Sequence[Case]) -> str:
    """One document with one suite."""
    failed = str(sum(bool(case.failures) for case in cases))
    counts = {"tests": str(len(cases)), "failures": failed, "errors": "0", "skipped": "0"}
    root = ElementTree.Element("testsuites", {"name": "coincide", **counts})
    inside = ElementTree.SubElement(root, "testsuite", {"name": suite, **counts})
    for case in cases:
        element = ElementTree.SubElement(inside, "testcase", {"classname": _held(case.group), "name": _held(case.name)})
        for kind, message, said in case.failures:
            failure = ElementTree.SubElement(element, "failure", {"type": kind, "message": _held(message)})
            failure.text = _held(said)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode")


def cases(listed: Iterable[Listed], problems: Iterable[CoincideError]) -> list[Case]:
    """A case for each rule with what is wrong in it; for each file, one more for what is in no rule."""
    rest = list(problems)
    found: list[Case] = []
    for rule in listed:
        inside = [problem for problem in rest if _within(rule, problem)]
        rest = [problem for problem in rest if problem not in inside]
        found.append(Case(rule.file, rule.id, tuple(map(_failure, inside))))
    files = dict.fromkeys(problem.where.file if problem.where else "workspace" for problem in rest)
    for file in files:
        own = [problem for problem in rest if (problem.where.file if problem.where else "workspace") == file]
        found.append(Case(file, "the file", tuple(map(_failure, own))))
    return found


def _within(rule: Listed, problem: CoincideError) -> bool:
    where = problem.where
    return where is not None and where.file == rule.file and rule.first <= (where.line or 0) <= rule.last


def _failure(problem: CoincideError) -> tuple[str, str, str]:
    said = f"{problem.where}: {problem.message}" if problem.where else problem.message
    return problem.code, problem.message, f"{said}\nhint: {problem.hint}" if problem.hint else said


def _held(untrusted: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", untrusted)
