"""``coincide rules``: check, test, explain, schema, new. What rules mean is said in ``coincide.rules``."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.fmt import fmt
from coincide.cli.option import json_option, workspace_option
from coincide.cli.rules_diff import diff
from coincide.cli.rules_plan import apply, plan
from coincide.cli.rules_watch import watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coincide.catalog.catalog import Catalog
    from coincide.detect.trial import Trial
    from coincide.errors import CoincideError
    from coincide.rules.load import LoadedRule
    from coincide.rules.plan import Plan
    from coincide.settings import Settings

KINDS = ("combination", "velocity", "threshold", "sequence", "ratio", "presence", "unusual-day")

FORMATS = ("text", "json", "sarif", "junit", "github")

no_workspace = click.option(
    "-w", "--workspace", metavar="FOLDER", expose_value=False, help="Taken as everywhere; nothing here depends on it."
)


@click.group()
def rules() -> None:
    """Check, test, explain, lay out and begin rules."""


for command in (fmt, diff, plan, apply, watch):
    rules.add_command(command)


@rules.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@click.option(
    "--format", "as_", type=click.Choice(FORMATS), help="How to say it; github: annotations.  [default: text]"
)
@workspace_option
@json_option
def check(files: tuple[Path, ...], as_: str | None, workspace: Path, as_json: bool) -> int:
    """Find everything that is wrong with rules.

    Checks FILES, or all rule files of the workspace. Every problem is shown with its place, a code and a hint.
    Ends with 1 if there are any. --json is --format json.
    """
    from coincide.errors import Problems

    as_ = _format(as_, as_json)

    found: list[LoadedRule] = []
    problems: list[CoincideError] = []
    settings = _settings(workspace)
    try:
        found = _load(workspace, settings, files)
    except Problems as error:
        problems = error.problems
    if as_ != "text":
        from coincide.rules.workspace import rule_files

        paths = files or rule_files(workspace, settings)
        click.echo(_findings(as_, problems, workspace, paths), nl=bool(problems) or as_ != "github")
    elif problems:
        from coincide.cli import render

        colour = sys.stdout.isatty() and _coloured()
        click.echo(render.text(Problems(problems), colour=colour))
    else:
        count = len({loaded.file for loaded in found})
        click.echo(f"{_counted(len(found), 'rule')} in {_counted(count, 'file')}: nothing is wrong")
    return 1 if problems else 0


@rules.command()
@click.argument("names", nargs=-1, metavar="[RULE]...")
@workspace_option
@json_option
def explain(names: tuple[str, ...], workspace: Path, as_json: bool) -> None:
    """Say rules in plain English, with their plan and SQL.

    Explains the RULES of these ids, or all of the workspace. The plan is all that a rule means; the SQL selects what
    it may look at, over a table whose columns are called like the fields.
    """
    from coincide.catalog.catalog import load as load_catalog

    settings = _settings(workspace)
    found = _chosen(_load(workspace, settings, ()), names)
    catalog = load_catalog(workspace, settings.catalog, settings.packs)
    if as_json:
        click.echo(json.dumps([_explained(rule, catalog) for rule in found], ensure_ascii=False))
        return
    for position, loaded in enumerate(found):
        if position:
            click.echo()
        _show(loaded, catalog)


@rules.command()
@click.argument("names", nargs=-1, metavar="[RULE]...")
@click.option("--format", "as_", type=click.Choice(("text", "json", "junit")), help="How to say it.  [default: text]")
@workspace_option
@json_option
def test(names: tuple[str, ...], as_: str | None, workspace: Path, as_json: bool) -> int:
    """Run the tests inside rules.

    Runs those of the RULES of these ids, or of all of the workspace, with the kernel that scans use. Ends with 1 if one
    fails. --json is --format json.
    """
    from coincide.detect.trial import trial
    from coincide.engines.workspace import open_workspace

    as_ = _format(as_, as_json)
    opened = open_workspace(workspace)
    loaded = _chosen(opened.rules, names)
    knows: dict[str, Any] = {"catalog": opened.catalog, "lists": opened.lists, "settings": opened.settings}
    trials = [
        (one.plan.rule, trial(one.plan, test_, kind=one.rule.events[0], **knows))
        for one in loaded
        for test_ in one.rule.tests
    ]
    failed = sum(not went.passed for _, went in trials)
    if as_ == "junit":
        from coincide.cli.findings import junit

        cases = [junit.Case(rule, went.example.name, _failures(rule, went)) for rule, went in trials]
        click.echo(junit.text("rules test", cases))
        return 1 if failed else 0
    if as_ == "json":
        click.echo(json.dumps([_tried(rule, went) for rule, went in trials], ensure_ascii=False))
        return 1 if failed else 0
    for name, went in trials:
        if not went.passed:
            click.echo(_failure(name, went))
    for rule in loaded:
        if not rule.rule.tests:
            click.echo(f"{rule.plan.rule}: has no tests", err=True)
    click.echo(f"{_counted(len(trials), 'test')} of {_counted(len(loaded), 'rule')}: {failed or 'none'} failed")
    return 1 if failed else 0


@rules.command()
@no_workspace
@json_option
def schema(as_json: bool) -> None:
    """Print the JSON Schema of rules, for editors.

    Write it beside the rules, and name it in the first line of each: `# yaml-language-server: $schema=...`.
    With --json it comes on one line.
    """
    from coincide.rules.schema import schema as schema_of_rules

    click.echo(json.dumps(schema_of_rules(), ensure_ascii=False, indent=None if as_json else 2))


@rules.command()
@click.argument("rule", metavar="ID")
@click.option("--kind", type=click.Choice(KINDS), default="combination", show_default=True, help="What to look for.")
@click.option("--dry-run", is_flag=True, help="Print the skeleton and write nothing.")
@workspace_option
@json_option
def new(rule: str, kind: Any, dry_run: bool, workspace: Path, as_json: bool) -> None:
    """Write a commented rule to begin with, rules/ID.yaml.

    It has the components of the catalog where there are any, passes `rules check`, and is a draft.
    """
    from coincide.errors import UsageError
    from coincide.rules.errors import RuleFileExists
    from coincide.rules.rule import ID_PATTERN
    from coincide.rules.skeleton import skeleton
    from coincide.rules.workspace import context_of

    if not re.fullmatch(ID_PATTERN, rule) or len(rule) > 63:
        raise UsageError(
            f"`{rule}` is no id of a rule: small letters, digits and hyphens, starting with a letter",
            hint="for instance `purchase-combination`",
        )
    settings = _settings(workspace)
    context, _ = context_of(workspace, settings)
    text = skeleton(rule, kind, sorted(context.components or ()))
    name = f"{_rule_folder(settings)}/{rule}.yaml"
    if not dry_run:
        target = workspace / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # `x`: an existing rule is never overwritten, by two of us at once either.
            with target.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            raise RuleFileExists(name) from None
    if as_json:
        click.echo(json.dumps({"file": name, "written": not dry_run, "text": text}, ensure_ascii=False))
    else:
        click.echo(text if dry_run else f"{name} written; `coincide rules check` checks it", nl=not dry_run)


def _format(as_: str | None, as_json: bool) -> str:
    """The format that was asked for. Raises ``UsageError`` for two of them."""
    from coincide.errors import UsageError

    if as_json and as_ not in (None, "json"):
        raise UsageError(f"--json and --format {as_} ask for two formats", hint="leave one of them out")
    return "json" if as_json else as_ or "text"


def _findings(as_: str, problems: Sequence[CoincideError], workspace: Path, paths: Sequence[Path]) -> str:
    """What is wrong, as other programs read it."""
    from coincide.cli.findings import github, junit, sarif
    from coincide.cli.findings.place import Places
    from coincide.rules.listing import listed

    # Files are called as in the messages: from the workspace where they lie inside.
    named = {str(path.relative_to(workspace) if path.is_relative_to(workspace) else path): path for path in paths}
    places = Places(workspace, named)
    match as_:
        case "json":
            return json.dumps([_entry(problem) for problem in problems], ensure_ascii=False)
        case "sarif":
            return sarif.text(problems, places, docs=sarif.documentation())
        case "github":
            return github.text(problems, places)
        case _:
            rules_ = [rule for file, path in named.items() for rule in listed(path, file)]
            return junit.text("rules check", junit.cases(rules_, problems))


# --- what the commands share ------------------------------------------------------------------------------


def _settings(folder: Path) -> Settings:
    from coincide import settings

    return settings.load(folder)


def _load(folder: Path, settings: Settings, paths: Sequence[Path]) -> list[LoadedRule]:
    """The rules of the files, without any all of the workspace. Raises ``Problems``, those of the catalog among
    them, and ``NoRules``.
    """
    from coincide.engines.errors import NoRules
    from coincide.errors import Problems
    from coincide.rules.load import load
    from coincide.rules.workspace import context_of, load_rules

    context, problems = context_of(folder, settings)
    try:
        found = load(paths, context=context, folder=folder) if paths else load_rules(folder, settings, context)
    except Problems as error:
        raise Problems([*problems, *error.problems]) from None
    if problems:
        raise Problems(problems)
    if not found and not paths:
        raise NoRules(settings.rules, str(folder))
    return found


def _chosen(found: Sequence[LoadedRule], names: Sequence[str]) -> list[LoadedRule]:
    from difflib import get_close_matches

    from coincide.engines.errors import UnknownRule

    by_id = {loaded.plan.rule: loaded for loaded in found}
    for name in names:
        if name not in by_id:
            near = get_close_matches(name, by_id, n=1)
            raise UnknownRule(name, sorted(by_id), near[0] if near else None)
    return [by_id[name] for name in dict.fromkeys(names)] if names else list(found)


def _show(loaded: LoadedRule, catalog: Catalog) -> None:
    from coincide.rules.explain import explain as explained

    rule, plan = loaded.rule, loaded.plan
    click.echo(f"{rule.rule} ({rule.status}, {rule.severity}): {rule.title}")
    click.echo(f"  {explained(plan)}")
    click.echo(f"  Why: {rule.why}")
    click.echo(f"  On the basis of: {rule.basis.law}, for {rule.basis.purpose}")
    click.echo(f"  May be innocent: {'; '.join(rule.innocent)}")
    click.echo(f"  Fingerprint: {plan.fingerprint}")
    click.echo(f"\nPlan\n{json.dumps(plan.document, ensure_ascii=False, indent=2, sort_keys=True)}")
    click.echo(f"\nSQL\n{_sql(plan, catalog)}")


def _explained(loaded: LoadedRule, catalog: Catalog) -> dict[str, Any]:
    from coincide.rules.explain import explain as explained

    rule, plan = loaded.rule, loaded.plan
    content = {
        "rule": rule.rule,
        "title": rule.title,
        "status": rule.status,
        "severity": rule.severity,
        "file": loaded.file,
        "fingerprint": plan.fingerprint,
        "sentence": explained(plan),
        "why": rule.why,
        "basis": rule.basis.model_dump(exclude_none=True),
        "innocent": list(rule.innocent),
        "plan": plan.document,
    }
    return {**content, "sql": _sql(plan, catalog)}


def _tried(rule: str, went: Trial) -> dict[str, Any]:
    return {
        "rule": rule,
        "test": went.example.name,
        "passed": went.passed,
        "expected": went.example.alerts,
        "found": [episode.because for episode in went.found],
        "refused": list(went.refused),
    }


def _failure(rule: str, went: Trial) -> str:
    """Expected and found, one below the other."""
    lines = [
        f"{rule}: {went.example.name}",
        f"  expected: {_counted(went.example.alerts, 'alert')}",
        f"  found:    {_counted(len(went.found), 'alert')}",
        *(f"    {episode.because}" for episode in went.found),
        *(f"    not usable: {reason}" for reason in went.refused),
    ]
    return "\n".join(lines)


def _failures(rule: str, went: Trial) -> tuple[tuple[str, str, str], ...]:
    """The failure of a test as JUnit has it; none if it passed."""
    if went.passed:
        return ()
    expected, found = _counted(went.example.alerts, "alert"), _counted(len(went.found), "alert")
    return (("test", f"expected {expected}, found {found}", _failure(rule, went)),)


def _sql(plan: Plan, catalog: Catalog) -> str:
    """The SQL of a plan; imported here because it brings the engine's libraries."""
    from coincide.detect.select import Wanted, explain_sql

    if plan.tagged is None:
        return explain_sql(plan)
    skus, prefixes = catalog.values_for(plan.tagged)
    titled = sorted(catalog.titled.intersection(plan.tagged))
    return explain_sql(plan, Wanted(tuple(skus), tuple(prefixes), tuple(titled)))


def _rule_folder(settings: Settings) -> str:
    """The folder of the first glob of the form ``folder/*.yaml``."""
    for pattern in settings.rules:
        head, slash, tail = pattern.rpartition("/")
        if slash and tail == "*.yaml" and "*" not in head:
            return head
    return "rules"


def _entry(problem: CoincideError) -> dict[str, Any]:
    where = problem.where
    return {
        "code": problem.code,
        "file": where.file if where else None,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "length": where.length if where else None,
        "message": problem.message,
        "hint": problem.hint,
    }


def _coloured() -> bool:
    import os

    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
