"""``coincide rules diff``: what an edit of rules changes. ``rules.difference`` and ``alerts.compared`` find it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.book import purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.page import page_option, write
from coincide.cli.render import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coincide.alerts.compared import Comparison
    from coincide.engines.workspace import Workspace
    from coincide.rules.difference import Difference
    from coincide.rules.load import LoadedRule
    from coincide.rules.named import Named


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option("--no-history", is_flag=True, help="Compare the rules alone; read no source.")
@click.option("--odds", is_flag=True, help="Of rules that mean something else: the backtests of both, side by side.")
@page_option
@click.option("--exit-code", is_flag=True, help="Exit 1 if anything else than words changed.")
@purpose_option
@workspace_option
@json_option
def diff(
    old: str,
    new: str | None,
    no_history: bool,
    odds: bool,
    page: Path | None,
    exit_code: bool,
    purpose: str | None,
    workspace: Path,
    as_json: bool,
) -> int:
    """Say what changes between two states of rules.

    OLD and NEW are each a rule file, a folder, a git revision (`HEAD~1`: all rules of the workspace then), a file at a
    revision (`HEAD~1:rules/some-rule.yaml`) or a rule pack (`eu-2019-1148`, or `eu-2019-1148@1`). NEW is the workspace
    as it is, unless given; of a file its rules there.

    Shown is what changes in meaning, in words and in status; then both run over the sources as they are now, and the
    alerts that appear, vanish or change are counted, with three examples each. Nothing is kept, but with `--odds` or
    `--html` the counts of both backtests. That examples are shown goes into the ledger.
    """
    from coincide.cli.backtest import printed
    from coincide.engines.workspace import open_workspace
    from coincide.errors import UsageError
    from coincide.odds.page.page import beside
    from coincide.odds.page.part import compared
    from coincide.rules.difference import difference
    from coincide.rules.named import named

    if no_history and (odds or page is not None):
        raise UsageError("--no-history reads no source, and backtests do", hint="leave out one of them")
    opened = open_workspace(workspace)
    sides = (named(old, workspace, opened.settings), named(new, workspace, opened.settings))
    before, after = (side.rules(opened.settings) for side in sides)
    if new is None and sides[0].one_file:
        # The other rules of the workspace did not come: nobody asked for them.
        asked = {loaded.plan.rule for loaded in before}
        after = [loaded for loaded in after if loaded.plan.rule in asked]
    found = difference(before, after)
    backtested = [one for one in found if odds or page is not None if one.kind == "meaning" and one.old and one.new]
    if page is not None and len(backtested) != 1:
        raise UsageError(
            f"a page is of one rule, and {len(backtested) or 'none'} means something else now",
            hint="compare one file, or leave out --html",
        )
    history = {} if no_history else _history(opened, found, purpose)
    tested = {one.rule: _backtests(opened, one, purpose) for one in backtested}
    if page is not None:
        write(beside(*tested[backtested[0].rule]), page)
    if as_json:
        click.echo(json.dumps(_document(sides, found, history, tested), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in _lines(found, history)))
        for rule, both in tested.items():
            click.echo()
            click.echo(clean(f"{rule}, as it was and as it is"))
            for name, document in zip(("Old", "New"), both, strict=True):
                click.echo(clean(f"{name}: {' '.join(document['paragraph'])}"))
            printed(compared(*both))
    return 1 if exit_code and any(one.counts for one in found) else 0


def _history(opened: Workspace, found: list[Difference], purpose: str | None) -> Mapping[str, Comparison]:
    from coincide.alerts.compared import compared
    from coincide.cli.progress import Progress

    if not any(one.counts for one in found):
        return {}
    total = sum(reader.expected() for reader in opened.readers.values())
    with reading(opened, purpose) as book, Progress("Reading", total or None) as bar:
        return compared(opened, book, found, now_us=time.time_ns() // 1_000, progress=bar.advance)


def _backtests(opened: Workspace, one: Difference, purpose: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The documents of the rule as it was and as it is."""
    from coincide.odds.backtest import Question, backtest

    assert one.old is not None, "only rules that are on both sides are backtested"
    assert one.new is not None, "only rules that are on both sides are backtested"
    with reading(opened, purpose) as book:
        now_us = time.time_ns() // 1_000
        old, new = (backtest(opened, book, loaded, Question(), now_us=now_us) for loaded in (one.old, one.new))
    return old, new


def _lines(found: list[Difference], history: Mapping[str, Comparison]) -> list[str]:
    from coincide.alerts.compared import lines

    result: list[str] = []
    for one in found:
        if one.kind == "same" and one.status is None:
            continue
        result += [f"{one.rule}: {_headline(one)}", *(f"  {line}" for line in _details(one))]
        if one.rule in history:
            result += [f"  {line}" for line in lines(history[one.rule])]
    same = sum(one.kind == "same" and one.status is None for one in found)
    result += [f"{same:,} {'rule is' if same == 1 else 'rules are'} the same"] if same or not result else []
    return result


def _headline(one: Difference) -> str:
    match one.kind:
        case "added":
            return "added" if not one.renamed else f"added; means what {', '.join(one.renamed)} meant, which is gone"
        case "removed":
            return "removed" if not one.renamed else f"removed; {', '.join(one.renamed)} means the same"
        case "meaning":
            return "changed in meaning"
        case "words":
            return f"changed in words only ({', '.join(one.edited)}): it finds what it found"
        case _:
            return "the same meaning"


def _details(one: Difference) -> list[str]:
    from coincide.rules.explain import explain

    result = [f"{part.name}: {_or_nothing(part.old)} -> {_or_nothing(part.new)}" for part in one.parts]
    if one.kind == "meaning" and one.edited:
        result.append(f"words: {', '.join(one.edited)}")
    if one.status is not None:
        result.append(f"status: {' -> '.join(one.status)} ({_STATUS[one.status[1]]})")
    if one.kind in ("added", "removed", "meaning"):
        sides = (("was", one.old), ("is", one.new))
        result += [
            f"{word + ':':<4} {explain(loaded.plan)} ({loaded.rule.status}, {loaded.plan.fingerprint})"
            for word, loaded in sides
            if loaded is not None
        ]
    return result


_STATUS = {
    "draft": "runs only when named: the next scan withdraws its open alerts",
    "shadow": "the next scan keeps its alerts, which reach no queue",
    "live": "the next scan keeps its alerts",
    "retired": "no longer runs: the next scan withdraws its open alerts",
}


def _or_nothing(text: str | None) -> str:
    return "nothing" if text is None else text


def _document(
    sides: tuple[Named, Named],
    found: list[Difference],
    history: Mapping[str, Comparison],
    tested: Mapping[str, tuple[dict[str, Any], dict[str, Any]]],
) -> dict[str, Any]:
    from coincide.alerts.compared import document

    old, new = ({"name": side.name, "commit": side.commit} for side in sides)
    return {
        "old": old,
        "new": new,
        "changed": any(one.counts for one in found),
        "rules": [
            {
                "rule": one.rule,
                "change": one.kind,
                "old": _side(one.old),
                "new": _side(one.new),
                "parts": [{"part": part.name, "old": part.old, "new": part.new} for part in one.parts],
                "words": list(one.edited),
                "status": None if one.status is None else list(one.status),
                "same_meaning": list(one.renamed),
                "history": document(history[one.rule]) if one.rule in history else None,
                "odds": list(tested[one.rule]) if one.rule in tested else None,
            }
            for one in found
        ],
    }


def _side(loaded: LoadedRule | None) -> dict[str, Any] | None:
    from coincide.rules.explain import explain

    if loaded is None:
        return None
    return {
        "file": loaded.file,
        "status": loaded.rule.status,
        "fingerprint": loaded.plan.fingerprint,
        "sentence": explain(loaded.plan),
    }
