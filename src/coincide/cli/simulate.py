"""``coincide simulate``: made-up logs to try, test and measure on."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Literal

import click

from coincide.cli.option import json_option

SMALLEST = 1_000
"""``simulate.shop.SMALLEST``, spelt here so that the help imports nothing; a test holds the two together."""
LARGEST_CITY, LONGEST_CITY = 5_000_000, 366
"""``simulate.city.made.LARGEST`` and ``LONGEST``, likewise."""


@click.group()
def simulate() -> None:
    """Make a simulated log, with the answer."""


@simulate.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--size", type=click.IntRange(min=SMALLEST), default=1_000_000, show_default=True, help="Purchase lines.")
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="What all draws follow from.")
@click.option(
    "--format", "format_", type=click.Choice(["parquet", "csv", "ndjson"]), default="parquet", show_default=True
)
@click.option("--files", type=click.IntRange(min=1), help="Number of files.  [default: one per million lines]")
@json_option
def shop(
    folder: Path, size: int, seed: int, format_: Literal["parquet", "csv", "ndjson"], files: int | None, as_json: bool
) -> None:
    """Write the workspace of a simulated marketplace into FOLDER, which must be new or empty.

    The log holds planted combinations, listed in labels.csv: some inside the rule's window, some just outside,
    some spread over two accounts with one card. Equal size and seed make an equal log on every machine.
    """
    from coincide.cli.progress import Progress
    from coincide.simulate.shop import Shop
    from coincide.simulate.workspace import write_shop

    started = time.monotonic()
    log = Shop(size, seed)
    with Progress("simulating", size) as progress:
        paths = write_shop(folder, log, format=format_, files=files, progress=progress.update)
    seconds = time.monotonic() - started
    labels = log.labels()
    planted = {kind: len(labels.filter(planted=kind)) for kind in ("inside", "outside", "linked")}
    if as_json:
        summary = {
            "simulated": True,
            "folder": str(folder),
            "rows": size,
            "seed": seed,
            "format": format_,
            "files": [str(path.relative_to(folder)) for path in paths],
            "planted": planted,
            "expected_alerts": int(labels.unique("actor")["expected_alerts"].sum()),
            "seconds": round(seconds, 3),
        }
        click.echo(json.dumps(summary))
        return
    click.echo(f"Simulated {size:,} purchase lines into {folder} ({len(paths)} {format_} files, {seconds:.1f} s).")
    click.echo(
        f"Planted accounts: {planted['inside']} inside the window, {planted['outside']} just outside, "
        f"{planted['linked']} linked by a card. The answer is in labels.csv."
    )
    click.echo(f"Next: coincide scan -w {folder}")


@simulate.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--size", type=click.IntRange(min=SMALLEST), default=1_000_000, show_default=True, help="Purchase lines.")
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="What all draws follow from.")
@json_option
def marketplace(folder: Path, size: int, seed: int, as_json: bool) -> None:
    """Write the workspace of a marketplace that knows its goods by title alone, in six languages.

    It runs the packs everyday-components and eu-2019-1148. The log holds planted cases for each of their rules in
    each language, listed in labels.csv, and titles that only sound like them. FOLDER must be new or empty.
    """
    from coincide.cli.progress import Progress
    from coincide.simulate.marketplace import Marketplace
    from coincide.simulate.workspace import write_marketplace

    started = time.monotonic()
    log = Marketplace(size, seed)
    with Progress("simulating", size) as progress:
        paths = write_marketplace(folder, log, progress=progress.update)
    seconds = time.monotonic() - started
    planted = {kind: sum(case.planted == kind for case in log.cases) for kind in ("inside", "outside", "linked")}
    if as_json:
        summary = {
            "simulated": True,
            "folder": str(folder),
            "rows": size,
            "seed": seed,
            "files": [str(path.relative_to(folder)) for path in paths],
            "planted": planted,
            "expected_alerts": sum(case.alerts for case in log.cases),
            "seconds": round(seconds, 3),
        }
        click.echo(json.dumps(summary))
        return
    click.echo(f"Simulated {size:,} purchase lines into {folder} ({seconds:.1f} s).")
    click.echo(
        f"Planted cases: {planted['inside']} that a rule finds, {planted['outside']} that it just misses, "
        f"{planted['linked']} linked by a card. The answer is in labels.csv."
    )
    click.echo(f"Next: coincide scan -w {folder}")


@simulate.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--size", type=click.IntRange(SMALLEST, LARGEST_CITY), default=200_000, show_default=True, help="Cards.")
@click.option("--days", type=click.IntRange(1, LONGEST_CITY), default=50, show_default=True, help="Days.")
@click.option("--seed", type=click.IntRange(min=0), default=7, show_default=True, help="What all draws follow from.")
@click.option(
    "--gtfs", type=click.Path(exists=True, path_type=Path), help="Feed to ride on, zip or folder.  [default: made up]"
)
@click.option(
    "--clocks-off", type=click.FloatRange(0, 1), default=0.0, help="Share of buses whose clock is off by three hours."
)
@json_option
def city(folder: Path, size: int, days: int, seed: int, gtfs: Path | None, clocks_off: float, as_json: bool) -> None:
    """Write the workspace of a simulated city into FOLDER, which must be new or empty.

    Cards of commuters, pupils, tourists, couriers, carers, inspectors and others are tapped on buses and metro, and
    thefts are reported. A few cards are thieves'. Which ones is in truth.parquet, which no source reads.
    """
    from coincide.cli.progress import Progress
    from coincide.simulate.city import Parameters, digest
    from coincide.simulate.city_folder import write_city

    started = time.monotonic()
    parameters = Parameters(clocks_off=clocks_off)
    with Progress("simulating days", days) as progress:
        written = write_city(folder, size, days, seed, gtfs=gtfs, parameters=parameters, progress=progress.update)
    seconds = time.monotonic() - started
    if as_json:
        summary = {
            "simulated": True,
            "folder": str(folder),
            "cards": size,
            "days": days,
            "seed": seed,
            "taps": written.taps,
            "incidents": written.incidents,
            "thieves": written.thieves,
            "digest": digest(),
            "files": [str(path.relative_to(folder)) for path in written.files],
            "seconds": round(seconds, 3),
        }
        click.echo(json.dumps(summary))
        return
    click.echo(f"Simulated {written.taps:,} taps of {size:,} cards on {days} days into {folder} ({seconds:.1f} s).")
    click.echo(
        f"Reported thefts: {written.incidents:,}. Cards of thieves: {written.thieves:,}; which ones is in "
        "truth.parquet, which no source reads."
    )
    click.echo(f"Next: coincide scan -w {folder}")
