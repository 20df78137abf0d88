"""``coincide demo --transit``: where, how many, and only on a recorded request who; on a simulated city.

The truth of the simulation is held against what is found here alone. No rule and no source reads it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from coincide.cli.told import said, told

SEED = 7
SIZE = 20_000
DAYS = 50
COUNT, PRESENCE = "many-trips", "presence-at-thefts"
DEALS = 40
"""Fewer than a backtest makes by itself: the demo shows what the figure means, not its last digit."""
_NAMES = ("an analyst of the demo", "a second person of the demo")
_MOST_PLACES = 50
_LISTED = 14
"""Lines of what `places` says that are shown; it can say more."""
_PURPOSE = "demonstration"
NEXT = (
    "places",
    "journeys",
    "alerts --rule presence-at-thefts --purpose 'to try it'",
    "request list --purpose 'to try it'",
    "ledger list",
)
"""Commands to try next."""


def transit(folder: Path, size: int) -> dict[str, Any]:
    """Make the city, and walk through it in the order in which an operator should. The document of the demo."""
    _simulated(folder, size)
    click.echo("Counting where thefts are reported ...", err=True)
    places = said(folder, "places", "--most", "3")
    click.echo("Scanning ...", err=True)
    started = time.monotonic()
    scan = told(folder, "scan")
    seconds = time.monotonic() - started
    by_rule = {rule["rule"]: rule for rule in scan["rules"]}
    click.echo("Dealing the days of the thefts again ...", err=True)
    odds = told(folder, "backtest", "--rule", PRESENCE, "--no-examples", "--deals", str(DEALS))
    request = _requested(folder)
    under = told(folder, "scan")
    return {
        "workspace": str(folder),
        "data": f"simulated, {size:,} cards on {DAYS} days, seed {SEED}",
        "seconds": round(seconds, 1),
        "rows": scan["rows"],
        "places": places,
        "count": {
            "rule": COUNT,
            "alerts": by_rule[COUNT]["alerts"],
            "cards": _classes(folder, scan["alerts"], COUNT),
        },
        "presence": {
            "rule": PRESENCE,
            "attendance": by_rule[PRESENCE]["attendance"],
            "alerts_without_request": by_rule[PRESENCE]["alerts"],
            "deals": odds["deals"],
            "paragraph": odds["paragraph"],
            "request": request,
            "cards": _classes(folder, under["alerts"], PRESENCE),
        },
    }


def _simulated(folder: Path, size: int) -> None:
    from coincide.cli.progress import Progress
    from coincide.simulate.city_folder import write_city

    click.echo(f"Simulating a city of {size:,} cards ...", err=True)
    with Progress("simulating", DAYS) as progress:
        write_city(folder, size, DAYS, SEED, progress=progress.update)
    settings = folder / "coincide.toml"
    # One person runs the demo under one login; in earnest two logins are two people.
    text = settings.read_text(encoding="utf-8") + "\n[requests]\nshared_login = true\nmost_hours = 1300\n"
    settings.write_text(text, encoding="utf-8")


def _requested(folder: Path) -> dict[str, Any]:
    """A request made and confirmed in the names of two people that do not exist, for the places of the reports."""
    import polars as pl

    reports = pl.read_parquet(folder / "incidents.parquet")
    lines = sorted(reports["line"].drop_nulls().unique().to_list())[:_MOST_PLACES]
    first, last = reports["from"].min(), reports["until"].max()
    span = f"{_iso(first)}/{_iso(last)}"
    named = [part for line in lines for part in ("--line", line)]
    made = told(
        folder,
        *("request", "new", "--asker", "authority", "--reference", "demo-1", "--offence", "theft from passengers"),
        *("--law", "none: simulated people", "--span", span, "--by", _NAMES[0], *named),
    )
    why = "the places and hours of the reports, and no others"
    code = told(folder, "request", "show", made["request"], purpose=_PURPOSE)["code"]
    return told(
        folder,
        *("request", "confirm", made["request"], "--seen", code, "--because", why, "--by", _NAMES[1]),
    )


def _iso(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _classes(folder: Path, alerts: Sequence[Mapping[str, Any]], rule: str) -> dict[str, int]:
    """How many cards of each class of riders have an alert of the rule, by the truth of the simulation."""
    import polars as pl

    events = sorted({one["started_by"] for one in alerts if one["rule"] == rule})
    if not events:
        return {}
    taps = pl.scan_parquet(folder / "taps" / "*.parquet").select(pl.col("id").cast(pl.String), "token")
    truth = pl.scan_parquet(folder / "truth.parquet").select("token", "class")
    found = taps.filter(pl.col("id").is_in(events)).unique("token").join(truth, on="token").collect()
    counts = found.group_by("class").len().sort(["len", "class"], descending=[True, False])
    return {str(name): int(number) for name, number in counts.iter_rows()}


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """What the demo says, in the order: where, a count, presence, and who only then."""
    from coincide.detect.base_rate import SENTENCE

    count, presence = document["count"], document["presence"]
    rows = document["rows"]
    yield "1. Where, not who: where stewards would be of use"
    yield f"   Data: {document['data']}; nobody stands behind any card."
    yield from (f"   {line}".rstrip() for line in document["places"][:_LISTED])
    if len(document["places"]) > _LISTED:
        yield f"   ... and {len(document['places']) - _LISTED} lines more: coincide places"
    yield ""
    yield "2. A count is a poor witness: ten or more trips on a day"
    ends = ", ".join(f"{rows[end]:,} {end}" for end in ("unmatched", "accepted", "duplicates", "quarantined"))
    yield f"   {rows['read']:,} taps and reports read in {document['seconds']:.1f} s, three rules: {ends}."
    yield f"   {count['alerts']:,} alerts on {sum(count['cards'].values()):,} cards. Whose, the simulation knows:"
    yield f"   {_told(count['cards'])}."
    yield ""
    yield "3. Presence: there at four or more reported thefts, where one usually is not"
    yield f"   {presence['paragraph'][0]}"
    yield f"   {presence['paragraph'][1]}"
    yield f"   Which cards, the scan did not say: {presence['alerts_without_request']} alerts. That is for a request."
    yield ""
    yield "4. Under a recorded request, confirmed by a second person"
    yield f"   {presence['request']['request']}: its lines and times, its law and its end are in the ledger."
    shown = sum(presence["cards"].values())
    yield f"   Cards shown, as pseudonyms: {shown:,}. Whose, the simulation knows:"
    yield f"   {_told(presence['cards'])}."
    yield f"   {SENTENCE}"
    yield "   The thieves of the simulation were made by those who wrote the rule: real ones are harder to find."


def _told(cards: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in cards.items()) or "none"
