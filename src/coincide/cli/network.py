"""``coincide network``: the stops and lines of the workspace, and what is odd about them. Thin: ``engines`` counts."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.engines.embedded.named import Named
    from coincide.network.load import Loaded

EXAMPLES = 10
"""Stops and lines that are named."""


@click.command()
@workspace_option
@json_option
def network(workspace: Path, as_json: bool) -> int:
    """Check the GTFS feed of the workspace, and that it knows the stops and lines of the taps.

    Reads the feed that [network] names and all taps, and changes nothing. Ends with 1 if anything is odd: stops without
    coordinates or that no trip serves, and stops and lines that taps name and the feed does not have.
    """
    from coincide.cli.progress import Progress
    from coincide.engines.embedded.named import named
    from coincide.engines.workspace import open_workspace
    from coincide.network.errors import NoNetwork

    opened = open_workspace(workspace)
    loaded = opened.network
    if loaded is None:
        raise NoNetwork(str(workspace / "coincide.toml"))
    with Progress("Reading", None) as bar:
        found = named(opened, bar.advance) if opened.settings.sources else []
    if as_json:
        click.echo(json.dumps(_document(loaded, found), ensure_ascii=False, indent=2))
    else:
        for line in _lines(loaded, found):
            click.echo(clean(line))
    return 1 if loaded.findings or any(one.unknown for one in found) else 0


def _document(loaded: Loaded, found: list[Named]) -> dict[str, Any]:
    return {
        "about": loaded.about,
        "counts": asdict(loaded.counts),
        "findings": list(loaded.findings),
        "taps": [
            {
                "source": one.source,
                "field": one.field,
                "taps": one.taps,
                "taps_without": one.missing,
                "taps_unknown": one.taps_unknown,
                "known": one.known,
                "unknown": [{"value": value, "taps": taps} for value, taps in one.unknown],
            }
            for one in found
        ],
    }


def _lines(loaded: Loaded, found: list[Named]) -> list[str]:
    counts = loaded.counts
    result = [f"published by {loaded.about}"] if loaded.about else []
    result.append(
        f"{counts.stops:,} stops, {counts.routes:,} routes as {counts.lines:,} lines, {counts.trips:,} trips, "
        f"{counts.stop_times:,} stop times, {counts.patterns:,} patterns, {counts.shapes:,} points of shapes"
    )
    result += [f"odd: {finding}" for finding in loaded.findings]
    for one in found:
        noun = "stops" if one.field == "place" else "lines"
        result.append(f"{one.source}: {one.taps:,} taps name {one.known:,} {noun} of the feed")
        if one.missing:
            result.append(f"    {one.missing:,} taps name none")
        if one.unknown:
            shown = ", ".join(f"{value} ({taps:,} taps)" for value, taps in one.unknown[:EXAMPLES])
            more = f" and {len(one.unknown) - EXAMPLES:,} more" if len(one.unknown) > EXAMPLES else ""
            result.append(f"    odd: {one.taps_unknown:,} taps name {noun} that it lacks: {shown}{more}")
    return result
