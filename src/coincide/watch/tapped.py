"""A look at all taps of a workspace, source by source. What goes wrong with one is a finding and costs no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from coincide.engines.embedded.database import connect
from coincide.engines.embedded.history import Asked, Reading
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.named import Named, named
from coincide.engines.embedded.tap_look import taps
from coincide.engines.workspace import Workspace
from coincide.errors import CoincideError, Problems, Where
from coincide.events.event import LATEST_US, TAP
from coincide.events.mapping import check
from coincide.journeys.log import pairing
from coincide.watch.taps import TapReport, findings, report

_ASKED = Asked(at_us=LATEST_US, zone="UTC", recent=1, past=1, lately=1)


def tapped(
    workspace: Workspace, place: Callable[..., Where], progress: Progress = lambda _: None
) -> tuple[list[TapReport], list[CoincideError]]:
    """What each source of taps says, and what of that is a finding."""
    reports, found = [], []
    paired = pairing(workspace.settings.journeys)
    try:
        lost = named(workspace, progress)
    except CoincideError as error:
        # The network, or a source: each is a finding where it is looked at.
        found += _placed(error, place("network"))
        lost = []
    with connect(workspace.settings) as connection:
        for reader, source in workspace.readers_of(TAP):
            name, where = reader.name, place("sources", reader.name)
            try:
                check(source)
                one = report(name, taps(Reading(reader, source, _ASKED, connection, progress)), paired)
            except CoincideError as error:
                found += _placed(error, where)
                continue
            if not one.taps:
                continue
            reports.append(replace(one, lost=_lost(name, lost)))
            found += findings(one, source.most_taps, where)
    return reports, found


def _lost(name: str, every: list[Named]) -> tuple[tuple[str, int, int], ...]:
    return tuple((one.field, one.taps_unknown, len(one.unknown)) for one in every if one.source == name)


def _placed(error: CoincideError, where: Where) -> list[CoincideError]:
    problems = error.problems if isinstance(error, Problems) else [error]
    for problem in problems:
        problem.where = problem.where or where
    return problems
