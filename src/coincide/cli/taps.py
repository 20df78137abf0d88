"""What ``coincide doctor --taps`` prints of the taps of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coincide.watch.taps import TapReport


def lines(found: TapReport) -> Iterator[str]:
    """A few lines, every share with what it is of."""
    yield f"{found.name}: {found.taps:,} taps, {_part(found.empty, found.taps)} without an account"
    if found.anonymous:
        yield f"  {_part(found.anonymous, found.taps)} of accounts that the settings call anonymous, passed over"
    if found.others:
        yield f"  {_part(found.others, found.taps)} with an action that is none of enter, exit, transfer, single"
    if found.seen < found.taps - found.empty - found.anonymous:
        yield f"  looked at below: {found.seen:,} taps, those of a share of the tokens"
    yield f"  {_part(found.doubled, found.seen)} doubled: a reader took them twice, and journeys leave them out"
    if found.unended is None:
        yield "  hardly any exits: nobody taps out here"
    else:
        yield f"  {_part(found.unended, found.entries)} of the rides have no end: no exit or transfer follows in time"
        yield f"  {_part(found.unbegun, found.exits)} of the exits end no ride"
    yield f"  the busiest account has {found.busiest:,} taps; the most on one day are {found.busiest_day:,}"
    for field, taps, values in found.lost:
        noun = "stops" if field == "place" else "lines"
        yield f"  {_part(taps, found.taps)} at {values:,} {noun} that the network does not have"
    judged, unjudged = found.clocks.judged, found.clocks.unjudged
    yield f"  clocks: {judged:,} judged, {len(found.clocks.off):,} off, {unjudged:,} with too few riders who change"


def document(found: TapReport) -> dict[str, Any]:
    """The same for `--json`."""
    return {
        "source": found.name,
        "taps": found.taps,
        "looked_at": found.seen,
        "without_account": found.empty,
        "anonymous": found.anonymous,
        "other_actions": found.others,
        "doubled": found.doubled,
        "entries": found.entries,
        "entries_without_exit": found.unended,
        "exits": found.exits,
        "exits_without_entry": found.unbegun,
        "most_of_an_account": found.busiest,
        "most_on_a_day": found.busiest_day,
        "unknown": {field: {"taps": taps, "values": values} for field, taps, values in found.lost},
        "clocks": {
            "judged": found.clocks.judged,
            "too_few": found.clocks.unjudged,
            "off": [
                {"vehicle": found.units[one.unit], "minutes": one.minutes, "pairs": one.pairs}
                for one in found.clocks.off
            ],
        },
    }


def _part(count: int, whole: int) -> str:
    return f"{count:,} of {whole:,} ({count / whole:.1%})" if whole else "none"
