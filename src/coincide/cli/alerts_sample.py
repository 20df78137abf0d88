"""``coincide alerts sample``: what lies just below a rule's line, to be judged; and what follows from the judgement.

``odds.below`` draws the sample, ``odds.misses`` estimates.
"""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.book import purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.odds.below import Sample
    from coincide.odds.misses import Misses


@click.command()
@click.option("--below", "is_below", is_flag=True, help="Draw a sample of what lies just below the line of a rule.")
@click.option("--rule", metavar="ID", help="With --below: the rule.")
@click.option(
    "--n", "size", type=click.IntRange(1, 100_000), default=50, show_default=True, help="With --below: so many actors."
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="With --below: the same seed draws the same."
)
@click.option(
    "--share",
    "percent",
    type=click.IntRange(1, 99),
    default=80,
    show_default=True,
    help="With --below, of a threshold: sums from so many percent of its limit.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --below: write a CSV to be filled in to this file, which must not be there yet.",
)
@click.option(
    "--estimate",
    "filled",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Estimate what was missed from a sample that was filled in.",
)
@purpose_option
@workspace_option
@json_option
def sample(
    is_below: bool,
    rule: str | None,
    size: int,
    seed: int,
    percent: int,
    out: Path | None,
    filled: Path | None,
    purpose: str | None,
    workspace: Path,
    as_json: bool,
) -> None:
    """Estimate what a rule misses just below its line.

    Alerts say how many of them are right, and nothing of what was missed. With --below, a random sample is drawn of the
    actors that one component, observation or step more would have brought an alert, or whose sum is near the limit.
    Write it with --out, fill in the column `disposition` (benign, inconclusive, suspicious), and give the file to
    --estimate: printed is how many of all below the line are suspicious, with 95 % bounds. The sources are read as they
    are now, nothing is kept, and that a sample is shown goes into the ledger first.
    """
    if is_below == (filled is not None):
        raise click.UsageError("say either --below, to draw a sample, or --estimate FILE, to use one")
    if filled is not None:
        _estimate(filled, as_json)
        return
    if rule is None:
        raise click.UsageError("--below needs --rule ID")
    drawn = _sampled(workspace, rule, size, seed, Decimal(percent) / 100, purpose, out)
    if as_json:
        click.echo(json.dumps(_document(drawn, out), ensure_ascii=False, indent=2))
        return
    click.echo(clean(_headline(drawn)))
    if out is None:
        lines = (f"  {one.actor}  {_iso(one.started_by.occurred_at)}  {one.because}" for one in drawn.findings)
        click.echo("".join(f"{clean(line)}\n" for line in lines), nl=False)
    else:
        click.echo(clean(f"{out} written: fill in its last column, then `coincide alerts sample --estimate {out}`"))


def _sampled(
    workspace: Path, rule: str, size: int, seed: int, limit_share: Decimal, purpose: str | None, out: Path | None
) -> Sample:
    import numpy as np

    from coincide.cli.progress import Progress
    from coincide.engines.workspace import open_workspace
    from coincide.odds.below import below, sampled
    from coincide.odds.errors import SampleExists
    from coincide.odds.misses import to_csv
    from coincide.store import private
    from coincide.store.database import translated

    opened = open_workspace(workspace)
    (loaded,) = opened.chosen((rule,))
    # What cannot be is said before an hour of reading.
    below(loaded.plan, limit_share)
    if out is not None and out.exists():
        raise SampleExists(str(out))
    total = sum(reader.expected() for reader in opened.readers.values())
    with reading(opened, purpose) as book, Progress("Reading", total or None) as bar:
        drawn = sampled(
            opened,
            book,
            loaded,
            size,
            of=np.random.default_rng(seed),
            now_us=time.time_ns() // 1_000,
            limit_share=limit_share,
            progress=bar.advance,
        )
    if out is not None:
        # For its owner alone: it is about people. And never over a file that came to be meanwhile.
        with translated(str(out)):
            try:
                private.create(out, to_csv(drawn))
            except FileExistsError:
                raise SampleExists(str(out)) from None
    return drawn


def _estimate(filled: Path, as_json: bool) -> None:
    from coincide.odds.misses import estimated

    found = estimated(filled)
    if as_json:
        click.echo(json.dumps({"rules": [one.document for one in found]}, ensure_ascii=False, indent=2))
        return
    for one in found:
        click.echo("\n".join(clean(line) for line in _lines(one)))
    if not found:
        click.echo("the sample has no lines", err=True)


def _headline(drawn: Sample) -> str:
    from coincide.rules.explain import explain

    what = " Or: ".join(dict.fromkeys(explain(plan) for plan in drawn.plans))
    return (
        f"{drawn.rule}: {drawn.in_all:,} actors lie just below the line and have no alert of it; "
        f"{len(drawn.findings):,} drawn. Looked for: {what}"
    )


def _lines(one: Misses) -> list[str]:
    said = one.said
    counts = (
        f"{said.suspicious:,} suspicious, {said.benign:,} benign, {said.inconclusive:,} inconclusive, "
        f"{said.undecided:,} undecided"
    )
    head = f"{one.rule}: of {one.in_all:,} actors just below the line, the sample says: {counts}"
    if one.why_not is not None:
        return [head, f"  no estimate: {one.why_not}"]
    return [head, f"  missed there: about {one.estimate:,.0f} (95 %: {one.low:,} to {one.high:,})"]


def _document(drawn: Sample, out: Path | None) -> dict[str, Any]:
    from coincide.rules.explain import explain

    return {
        "rule": drawn.rule,
        "fingerprint": drawn.fingerprint,
        "looked_for": [explain(plan) for plan in drawn.plans],
        "in_all": drawn.in_all,
        "file": None if out is None else str(out),
        "sample": [
            {
                "actor": one.actor,
                "first_at": _iso(one.started_by.occurred_at),
                "last_at": _iso(one.ended_by.occurred_at),
                "because": one.because,
            }
            for one in drawn.findings
        ],
    }


def _iso(at_us: int) -> str:
    from coincide.alerts.alert import iso

    return iso(at_us)
