"""``coincide catalog``: what things are called. Thin: ``catalog`` does the work."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.moment import Moment
from coincide.cli.option import found_workspace, json_option, optional_workspace, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.catalog.catalog import Catalog
    from coincide.catalog.quality import Quality
    from coincide.catalog.review import Shown

SHOWN = 20
"""Titles of each list on the screen, unless told; JSON takes all of them."""
_DAY_US = 86_400_000_000


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def catalog() -> None:
    """Try, explain and review which item is which component."""


pack_option = click.option("--pack", metavar="NAME", help="The catalog of this rule pack, in place of a workspace's.")


@catalog.command()
@click.argument("title")
@pack_option
@optional_workspace
@json_option
def explain(title: str, pack: str | None, workspace: Path | None, as_json: bool) -> None:
    """Show each step from TITLE to its components.

    Its words in the form that is compared, every pattern that it holds, and why one does not count.
    """
    told = _catalog(workspace, pack).titles.explain(title)
    if as_json:
        reasons = [
            {"component": one.component, "pattern": one.pattern, "counts": not one.refused, "because": one.refused}
            for one in told.reasons
        ]
        content = {"title": title, "words": told.words, "reasons": reasons, "tags": told.components}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
        return
    click.echo(clean(f"title       {title}"))
    click.echo(clean(f"words       {' '.join(told.words) or '(nothing is left)'}"))
    for one in told.reasons:
        because = f"does not count: {one.refused}" if one.refused else "counts"
        click.echo(clean(f"holds       `{one.pattern}` ({one.component}): {because}"))
    if not told.reasons:
        click.echo("holds       no pattern")
    click.echo(f"components  {', '.join(told.components) or 'none'}")


@catalog.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--precision", "least_precision", type=click.FloatRange(0, 1), help="End with 1 if it is less in all.")
@click.option("--recall", "least_recall", type=click.FloatRange(0, 1), help="End with 1 if it is less in all.")
@pack_option
@optional_workspace
@json_option
def test(
    file: Path,
    least_precision: float | None,
    least_recall: float | None,
    pack: str | None,
    workspace: Path | None,
    as_json: bool,
) -> int:
    """Compare what a catalog makes of labelled titles with their labels.

    FILE is a CSV with the columns `title` and `components`: names joined by `|`, or nothing. Other columns are passed
    over. Prints the titles that have other components than their label, and precision and recall with their 95 %
    intervals, for each component and in all.
    """
    from coincide.catalog.labels import read
    from coincide.catalog.quality import by_component, pooled

    labels = read(file)
    found = _catalog(workspace, pack).titles.components([label.title for label in labels])
    pairs = [(label.components, tags) for label, tags in zip(labels, found, strict=True)]
    parts, totals = by_component(pairs), pooled(pairs)
    wrong = sum(due != tags for due, tags in pairs)
    short = totals.precision < (least_precision or 0) or totals.recall < (least_recall or 0)
    if as_json:
        titles = [
            {"title": label.title, "tags": sorted(tags), "label": sorted(label.components)}
            for label, tags in zip(labels, found, strict=True)
        ]
        components = {name: _document(one) for name, one in parts.items()}
        content = {"totals": _document(totals), "components": components, "titles": titles}
        click.echo(json.dumps(content, ensure_ascii=False))
        return int(short)
    for label, tags in zip(labels, found, strict=True):
        if tags != label.components:
            said, due = ", ".join(sorted(tags)) or "nothing", ", ".join(sorted(label.components)) or "nothing"
            click.echo(clean(f"{label.title}: {said}, and should be {due}"))
    width = max(map(len, (*parts, "all")))
    for name, one in (*parts.items(), ("all", totals)):
        precision, recall = _share(one.precision, one.precision_interval), _share(one.recall, one.recall_interval)
        counts = f"{one.right:,} right, {one.wrong:,} wrong, {one.missed:,} missed"
        click.echo(f"{name:<{width}}  precision {precision}  recall {recall}  {counts}")
    click.echo(f"{len(labels):,} titles, {wrong:,} with other components than their label")
    return int(short)


@catalog.command()
@click.option("--since", type=Moment(), help="Titles tagged since then are new.  [default: 30 days ago]")
@click.option("--limit", type=click.IntRange(1), help=f"Titles of each list.  [default: {SHOWN}, in JSON all]")
@workspace_option
@json_option
def review(since: int | None, limit: int | None, workspace: Path, as_json: bool) -> None:
    """Show what a person should look at, the most frequent first.

    New: titles that carry a component since a while. Near: titles that hold a pattern that does not count. Alike:
    titles without a component that look like one that has it; only a suggestion. Disagreeing: items of which code and
    title say different things; the code wins. Reads the items of all files, and no account. `coincide catalog decide`
    writes down what you find.
    """
    from contextlib import closing
    from dataclasses import asdict

    from coincide.catalog.review import review as made
    from coincide.cli.progress import Progress
    from coincide.engines.embedded.items import items
    from coincide.engines.workspace import open_workspace
    from coincide.store import title as titles
    from coincide.store.database import open_database

    opened = open_workspace(workspace)
    known: dict[tuple[str, str], int] = {}
    if (opened.state / "coincide.db").exists():
        with closing(open_database(opened.state)) as database, database.reading() as connection:
            known = {(one.title, one.component): one.first_at for one in titles.load(connection)}
    since_us = time.time_ns() // 1_000 - 30 * _DAY_US if since is None else since
    with Progress("reading", None) as progress:
        found = made(opened.catalog, items(opened, progress.advance), known, since_us)
    lists = asdict(found)
    if as_json:
        cut = {name: shown[:limit] for name, shown in lists.items()}
        click.echo(json.dumps(cut, indent=2, ensure_ascii=False))
        return
    _show("New", found.new, limit, "no title carries a component since then")
    _show("Near", found.near, limit, "no title holds a pattern that does not count")
    _show("Alike", found.alike, limit, "no title without a component looks like one that has it")
    _show("Disagreeing", found.disagreeing, limit, "no code and title say different things")


@catalog.command()
@click.argument("title")
@click.option("--is", "is_", metavar="COMPONENT", help="Titles that hold these words are this component.")
@click.option("--not", "not_", metavar="COMPONENT", help="Titles that hold these words are not this component.")
@click.option("--dry-run", is_flag=True, help="Print the row, and write nothing.")
@workspace_option
@json_option
def decide(title: str, is_: str | None, not_: str | None, dry_run: bool, workspace: Path, as_json: bool) -> None:
    """Write what a person found about TITLE into the workspace's catalog, as one row.

    The next scan takes it; `coincide rules plan` shows before it which alerts appear or are withdrawn.
    """
    from coincide import settings
    from coincide.catalog.decision import decided

    if (is_ is None) == (not_ is None):
        raise click.UsageError("give exactly one of --is and --not")
    match, component = ("title", is_) if is_ is not None else ("title-not", not_)
    loaded = settings.load(workspace)
    row = decided(workspace, loaded, match, title, component or "", write=not dry_run)
    if as_json:
        click.echo(json.dumps({"file": row.file, "row": row.text, "written": not dry_run}, ensure_ascii=False))
        return
    click.echo(clean(f"{row.file}: {row.text}"))


def _document(one: Quality) -> dict[str, Any]:
    return {
        "right": one.right,
        "wrong": one.wrong,
        "missed": one.missed,
        "precision": one.precision,
        "precision_interval": one.precision_interval,
        "recall": one.recall,
        "recall_interval": one.recall_interval,
    }


def _share(share: float, interval: tuple[float, float]) -> str:
    return f"{share:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"


def _catalog(workspace: Path | None, pack: str | None) -> Catalog:
    from coincide import settings
    from coincide.catalog.catalog import load

    if pack is not None:
        return load(Path(), None, [pack])
    folder = found_workspace(workspace)
    found = settings.load(folder)
    return load(folder, found.catalog, found.packs)


def _show(name: str, shown: tuple[Shown, ...], limit: int | None, nothing: str) -> None:
    click.echo(f"{name}: {len(shown):,}" if shown else f"{name}: {nothing}")
    for one in shown[: limit or SHOWN]:
        click.echo(clean(f"  {one.rows:>9,}  {one.title}  ({', '.join(one.components)}; {one.because})"))
    if len(shown) > (limit or SHOWN):
        click.echo(f"  {len(shown) - (limit or SHOWN):,} more: --limit shows them", err=True)
