"""``coincide backtest``: a rule tried out on history, before it troubles anybody. ``odds.backtest`` does the work."""

from __future__ import annotations

import sys
import time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.book import acting, purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.page import page_option, write
from coincide.cli.render import clean

_WIDE = 160

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console
    from rich.table import Table

    from coincide.engines.workspace import Workspace
    from coincide.html.figure import Cell
    from coincide.html.part import Part
    from coincide.html.table import Table as Shown
    from coincide.rules.load import LoadedRule


@click.command()
@click.option("--rule", "name", required=True, metavar="FILE|ID", help="A rule file, or a rule of the workspace.")
@click.option("--from", "first", metavar="TIME", help="Look at what happened from this time on.  [default: all]")
@click.option("--to", "last", metavar="TIME", help="Look at what happened before this time.  [default: all]")
@click.option("--quick", is_flag=True, help="By a formula in milliseconds: no deals, no made-up rules, no neighbours.")
@click.option("--deals", type=click.IntRange(2, 10_000), default=200, show_default=True, help="Deals of the null.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of deals and made-up rules.")
@click.option("--recall", type=click.FloatRange(0, 1), default=0.9, show_default=True, help="For the base rates.")
@click.option("--capacity", type=click.FloatRange(min=0), help="Alerts a day that people can read.  [default: as set]")
@click.option(
    "--dispositions",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="CSV `alert,disposition` in the place of what was decided in the workspace.",
)
@click.option("--no-examples", is_flag=True, help="Show no alert, only figures: no purpose is asked.")
@page_option
@purpose_option
@workspace_option
@json_option
def backtest(
    name: str,
    first: str | None,
    last: str | None,
    quick: bool,
    deals: int,
    seed: int,
    recall: float,
    capacity: float | None,
    dispositions: Path | None,
    no_examples: bool,
    page: Path | None,
    purpose: str | None,
    workspace: Path,
    as_json: bool,
) -> None:
    """Try a rule out on the sources as they are: what it finds, what chance alone gives, what people would read.

    The same purchases are dealt out again among equally busy actors, and made-up rules of equally common components
    stand beside it; its neighbours say what a turn of each screw would change. Nothing is raised. Kept are counts, by
    the rule's fingerprint, for `coincide rules watch` and to stand beside its alerts. That examples are shown goes into
    the ledger.
    """
    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace
    from coincide.odds.backtest import Question
    from coincide.odds.backtest import backtest as tested

    opened = open_workspace(workspace)
    loaded = rule_named(opened, name)
    begins, ends = _ends(first, last)
    question = Question(
        first=begins,
        last=ends,
        deals=deals,
        seed=seed,
        quick=quick,
        recall=recall,
        capacity=opened.settings.odds.capacity if capacity is None else capacity,
        dispositions=dispositions,
        examples=not no_examples,
    )
    total = sum(reader.expected() for reader in opened.readers.values())
    asking = acting(opened) if no_examples else reading(opened, purpose)
    with asking as book, Progress("Reading", total or None) as bar:
        document = tested(opened, book, loaded, question, now_us=time.time_ns() // 1_000, progress=bar.advance)
    if page is not None:
        from coincide.odds.page.page import page as made

        write(made(document), page)
    if as_json:
        import json

        click.echo(json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False))
    else:
        shown(document)


def rule_named(opened: Workspace, name: str) -> LoadedRule:
    """The one rule of a file, or the rule of the workspace with this id.

    Raises ``Problems``, ``SeveralRules``, ``UnknownRule``, ``RetiredRule``.
    """
    from coincide.odds.errors import SeveralRules
    from coincide.rules.load import load

    path = Path(name)
    if not path.is_file():
        return opened.chosen((name,))[0]
    found = load([path], context=opened.context)
    if len(found) != 1:
        raise SeveralRules(name, [loaded.plan.rule for loaded in found])
    return found[0]


def shown(document: Mapping[str, Any]) -> None:
    """The document as a person reads it at a terminal: the paragraph, then the parts of the page."""

    from coincide.odds.page.part import parts

    console = _console()
    console.print(clean(f"{document['rule']}: {document['title']}"), style="bold")
    console.print(clean(document["sentence"]), end="\n\n")
    console.print(clean(" ".join(document["paragraph"])))
    printed(parts(document))


def printed(parts: Iterable[Part]) -> None:
    """The parts of a page, or of one of two documents, at a terminal."""
    console = _console()
    for part in parts:
        console.print()
        console.print(clean(part.title), style="bold")
        for sentence in part.says:
            console.print(clean(sentence), style="dim")
        for whose, sentence in part.why_not:
            console.print(clean(f"{whose}: {sentence}" if whose else sentence))
        if any(table.folded for table in part.tables):
            # What is too long for a terminal is said in words.
            for chart in part.charts:
                console.print(clean(chart.says))
        for table in part.tables:
            if table.apart:
                # A line each: sentences make no columns.
                console.print(clean(table.caption))
                for row in table.rows:
                    console.print(clean("  ".join(_text(one) for one in row)), soft_wrap=True)
            elif not table.folded:
                console.print(_printed(table))


def _console() -> Console:
    """Where nobody looks, lines are longer: a file has no edge."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else _WIDE)


def _printed(table: Shown) -> Table:
    from rich.table import Table

    from coincide.html.figure import Figure, Span

    printed = Table(box=None, pad_edge=False, show_header=len(table.heads) > 2)
    over = [""] * table.names + [f"{name}: " for name, many in table.groups for _ in range(many)]
    for place, (head, group) in enumerate(zip_longest(table.heads, over, fillvalue="")):
        cells = [row[place] for row in table.rows]
        right = any(isinstance(one, Figure | Span) for one in cells)
        printed.add_column(clean(f"{group}{head}"), justify="right" if right else "left", overflow="fold")
    for row in table.rows:
        printed.add_row(*(clean(_text(one)) for one in row))
    return printed


def _text(one: Cell) -> str:
    from coincide.html.figure import Figure, Moment, Span, Why

    match one:
        case Figure():
            return one.shown
        case Span(low, high):
            return f"{low.shown} to {high.shown}"
        case Why(sentence):
            return sentence
        case Moment(at):
            return at
        case str():
            return one
        case _:
            return ""


def _ends(first: str | None, last: str | None) -> tuple[int | None, int | None]:
    """The times that are looked at. Raises ``UsageError`` if there is nothing between them."""
    from coincide.cli.instant import instant
    from coincide.errors import UsageError

    begins, ends = instant("--from", first), instant("--to", last)
    if begins is not None and ends is not None and begins >= ends:
        raise UsageError(f"nothing lies between --from {first} and --to {last}", hint="--from is the earlier one")
    return begins, ends
