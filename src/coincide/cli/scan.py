"""``coincide scan``: read the sources, run the rules, raise alerts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.book import acting
from coincide.cli.option import json_option, workspace_option

if TYPE_CHECKING:
    from coincide.alerts.scan import Outcome

_STARTED = time.perf_counter()


@click.command()
@workspace_option
@click.option("--rule", "names", multiple=True, metavar="ID", help="Run only this rule; may be given again.")
@click.option("--since", metavar="TIME", help="Show alerts from this time on. Evaluated is always everything.")
@click.option("--until", metavar="TIME", help="Show alerts before this time.")
@click.option("--exit-code", is_flag=True, help="Exit 1 if there are open alerts of live rules.")
@json_option
def scan(
    workspace: Path, names: tuple[str, ...], since: str | None, until: str | None, exit_code: bool, as_json: bool
) -> int:
    """Read the sources, run the rules, raise alerts.

    Live and shadow rules run; a draft runs when it is named, and its result is shown and not kept. A second scan
    over the same files does nothing; a new, changed or removed file changes what it touches.
    """
    from coincide.alerts.document import enter, scanned
    from coincide.alerts.keep import purposes_of
    from coincide.alerts.scan import scan as run_scan
    from coincide.cli.instant import instant
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace

    window = (instant("--since", since), instant("--until", until))
    opened = open_workspace(workspace)
    # Drafts and other rules read in a pass each.
    passes = len({loaded.rule.status == "draft" for loaded in opened.chosen(names)})
    total = passes * sum(reader.expected() for reader in opened.readers.values())
    # What a scan shows, it shows for what its rules are for.
    with acting(opened, otherwise=purposes_of(opened.chosen(names))) as book:
        with Progress("Reading", total or None) as bar:
            now_us = time.time_ns() // 1_000
            outcome = run_scan(opened, book, names=names, now_us=now_us, progress=bar.advance, started=_STARTED)
        document = scanned(book, outcome, now_us=now_us, since_us=window[0], until_us=window[1])
        if as_json:
            enter(book, document, outcome)
    if as_json:
        import json

        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(document, outcome)
    alarming = any(one["status"] == "open" and not one["shadow"] for one in document["alerts"])
    return 1 if exit_code and alarming else 0


def _print(document: dict[str, Any], outcome: Outcome) -> None:
    """The summary: rows, then rules."""
    from rich.console import Console
    from rich.table import Table

    from coincide.alerts.attended import attended

    console = Console()
    rows, run = document["rows"], document["run"]
    table = Table(title=None, box=None, pad_edge=False)
    for name in ("rows", *rows):
        table.add_column(name, justify="left" if name == "rows" else "right")
    table.add_row("workspace", *(f"{count:,}" for count in rows.values()))
    table.add_row("this run", *(f"{run[name]:,}" for name in rows))
    console.print(table)
    rules = Table(box=None, pad_edge=False)
    for name in ("rule", "status", "observations", "alerts", "actors"):
        rules.add_column(name, justify="left" if name in ("rule", "status") else "right")
    status = {loaded.plan.rule: loaded.rule.status for loaded in outcome.rules}
    for rule in document["rules"]:
        numbers = (f"{rule[name]:,}" for name in ("observations", "alerts", "actors"))
        rules.add_row(rule["rule"], status[rule["rule"]], *numbers)
    console.print()
    console.print(rules)
    for rule in document["rules"]:
        if rule["odds"] is not None:
            console.print(f"\n{rule['rule']}: {' '.join(rule['odds']['paragraph'])}", highlight=False, markup=False)
    for rule, loaded in zip(document["rules"], outcome.rules, strict=True):
        if "attendance" in rule:
            said = attended(loaded.plan, rule["attendance"])
            console.print(f"\n{rule['rule']}: {said}", highlight=False, markup=False)
    count = sum(alert["status"] == "open" for alert in document["alerts"])
    if count:
        console.print(f"\n{count:,} open alert{'' if count == 1 else 's'}; `coincide alerts` lists them.")
    if rows["quarantined"]:
        held = "1 row is" if rows["quarantined"] == 1 else f"{rows['quarantined']:,} rows are"
        console.print(f"{held} in quarantine; `coincide quarantine` says why.")
