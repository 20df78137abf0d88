"""All figures of the simulated city in one place, each with where it is from.

Each is published (then its source stands there), of the prototype that went before this simulator (which was not
published), or an assumption. The files of this package are hashed
(:func:`coincide.simulate.city.digest`); the evaluation names the hash, so that nobody tunes the city to a detector
without it being seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields
from typing import Any

ASSUMPTION = "assumption"
_SHAPE = "assumption, tuned until card-days of 1, 2 and 10 or more trips were near the prototype's 43 %, 21 %, 0.67 %"
_MACHINES = "assumption; that such faults are usual is published (TIDES leaves exits, stops and devices optional)"


def given(value: Any, source: str, says: str) -> Any:
    """A parameter: its value, where that is from, and what it is."""
    return field(default=value, metadata={"source": source, "says": says})


@dataclass(frozen=True)
class Habit:
    """How somebody rides who does not just go to work and back: from where each ride starts, how far, how soon.

    ``low`` to ``high`` rides a day, fewer more often. Of the rides the shares ``short`` (1 to 3 stops), ``some``
    (about 5) and ``whole`` (most of the line); the rest as far as people go. After a ride ``pause`` minutes, and
    ``more`` further ones on average; then with the share ``turn`` the same line back, ``stay`` the same line on, else
    another line there. A day begins ``start`` (hour), give or take ``spread`` hours; the share ``roaming`` of days
    begins at a busy stop of their own instead of at home.
    """

    low: int
    high: int
    short: float
    some: float
    whole: float
    pause: float
    more: float
    turn: float
    stay: float
    start: float
    spread: float
    roaming: float
    source: str = ASSUMPTION


HABITS: dict[str, Habit] = {
    "errand": Habit(1, 12, 0.08, 0.17, 0.0, 15, 50, 0.55, 0.15, 13.0, 5.0, 0.25, _SHAPE),
    "after-work": Habit(1, 8, 0.15, 0.25, 0.0, 8, 40, 0.35, 0.25, 14.0, 4.0, 0.1, _SHAPE),
    "after-school": Habit(1, 12, 0.45, 0.25, 0.05, 3, 22, 0.5, 0.2, 14.5, 1.5, 0.2, "assumption: riding is fun"),
    "old": Habit(1, 11, 0.25, 0.35, 0.02, 10, 40, 0.5, 0.18, 11.5, 3.5, 0.15, "assumption: short ways, off the peak"),
    "sights": Habit(2, 20, 0.25, 0.3, 0.02, 8, 55, 0.22, 0.2, 10.5, 2.5, 0.7, "assumption: from hub to hub"),
    "visits": Habit(4, 19, 0.25, 0.4, 0.0, 10, 28, 0.3, 0.3, 9.0, 2.5, 0.3, "assumption: a client in each half hour"),
    "deliveries": Habit(6, 50, 0.38, 0.34, 0.02, 3, 10, 0.36, 0.26, 9.5, 2.5, 0.75, "assumption: there and back"),
    "door-to-door": Habit(5, 28, 0.62, 0.2, 0.0, 5, 18, 0.3, 0.5, 10.5, 2.0, 0.8, "assumption: stop after stop"),
    "family": Habit(1, 6, 0.2, 0.3, 0.02, 6, 45, 0.5, 0.15, 12.5, 4.5, 0.2, ASSUMPTION),
    "riding": Habit(4, 60, 0.12, 0.18, 0.55, 1, 6, 0.4, 0.3, 10.5, 3.0, 0.6, "Long et al. 2016: itinerants"),
    "shelter": Habit(3, 24, 0.1, 0.15, 0.65, 2, 9, 0.62, 0.2, 17.0, 6.0, 0.8, "Energies 2020: long stays 0.033 %"),
    "inspection": Habit(14, 60, 0.55, 0.25, 0.02, 1, 5, 0.3, 0.38, 9.5, 4.5, 1.0, "prototype: they top each list"),
}  # fmt: skip
"""Ways of the innocent to ride."""

STYLES: dict[str, Habit] = {
    "corridor": Habit(8, 40, 0.45, 0.35, 0.0, 2, 4, 0.5, 0.36, 11.5, 4.5, 0.8, "KDD 2016 slides: wanders on a route"),
    "crowd": Habit(6, 28, 0.3, 0.4, 0.0, 2, 4, 0.34, 0.28, 8.6, 1.6, 0.8, "KDD 2016: unnecessary transfers"),
    "hopper": Habit(8, 36, 0.42, 0.32, 0.0, 2, 4, 0.12, 0.1, 11.0, 4.5, 0.85, "KDD 2016 slides: random stops"),
    "waiter": Habit(5, 24, 0.52, 0.24, 0.0, 8, 16, 0.68, 0.06, 13.0, 5.0, 0.95, "TITS 2022: in and out at one station"),
    "pair": Habit(7, 32, 0.36, 0.4, 0.0, 2, 5, 0.28, 0.26, 11.5, 4.5, 0.85, "ITS Magazine 2019: gangs on buses"),
    "careful": Habit(1, 3, 0.12, 0.3, 0.0, 8, 25, 0.3, 0.2, 13.0, 5.0, 0.5, "assumption: knows what is looked for"),
}  # fmt: skip
"""Ways of thieves to ride on the days on which they steal; on others they live as their class does."""


@dataclass(frozen=True)
class Class:
    """A class of riders.

    ``share`` of all tokens. ``weekday`` and ``weekend``: share of days on which one rides. ``out``, ``back``: share
    of these days with the way to work or school, and home. ``extra``: share of days with rides by ``habit``; days
    without either have them too, and days with only one of the two half as often. ``products``: fare products with
    their shares.
    """

    share: float
    weekday: float
    weekend: float
    out: float
    back: float
    extra: float
    habit: str
    products: tuple[tuple[str, float], ...]
    source: str


_FARES = (("adult", 0.75), ("monthly", 0.25))
_PASSES = (("adult", 0.2), ("monthly", 0.8))
CLASSES: dict[str, Class] = {
    "commuter": Class(0.30, 0.82, 0.20, 0.64, 0.56, 0.46, "after-work", (("adult", 0.4), ("monthly", 0.6)),
        "Sustainability, June 2020: commuters are 67.39 % of the daily volume of Beijing; else assumption"),
    "pupil": Class(0.08, 0.75, 0.12, 0.72, 0.64, 0.3, "after-school", (("pupil", 1.0),), ASSUMPTION),
    "occasional": Class(0.4226, 0.22, 0.25, 0.0, 0.0, 1.0, "errand", (("adult", 0.9), ("monthly", 0.1)),
        "assumption; what is left of the tokens"),
    "elderly": Class(0.125, 0.42, 0.28, 0.0, 0.0, 1.0, "old", (("senior", 0.9), ("adult", 0.1)), ASSUMPTION),
    "tourist": Class(0.05, 0.85, 0.85, 0.0, 0.0, 1.0, "sights", (("day", 0.6), ("adult", 0.4)),
        "assumption; the prototype had 2,341 of 200,000 tokens"),
    "carer": Class(0.008, 0.72, 0.35, 0.25, 0.2, 0.7, "visits", _PASSES, ASSUMPTION),
    "courier": Class(0.0043, 0.72, 0.35, 0.0, 0.0, 1.0, "deliveries", _PASSES, "prototype: 858 of 200,000 tokens"),
    "gig": Class(0.005, 0.82, 0.45, 0.5, 0.45, 0.22, "deliveries", _PASSES,
        "assumption: has a job, and delivers some days: two lives on one card, as a thief has"),
    "canvasser": Class(0.0015, 0.6, 0.2, 0.15, 0.1, 1.0, "door-to-door", _FARES, ASSUMPTION),
    "shared": Class(0.0019, 0.7, 0.5, 0.25, 0.25, 0.8, "family", _FARES,
        "prototype: 387 of 200,000 tokens are of several people"),
    "fan": Class(0.0008, 0.75, 0.55, 0.5, 0.45, 0.2, "riding", _PASSES, ASSUMPTION),
    "shelter": Class(0.0004, 0.6, 0.6, 0.0, 0.0, 1.0, "shelter", (("adult", 0.6), ("monthly", 0.25), ("senior", 0.15)),
        "Energies 13(10):2670: 0.033 % stay long in the subway"),
    "inspector": Class(0.001, 0.7, 0.4, 0.0, 0.0, 1.0, "inspection", (("staff", 1.0),),
        "prototype: 200 of 200,000 tokens"),
}  # fmt: skip
"""The innocent; the most common class takes what the others leave. Thieves are made beside them, each with one of
these classes as the life that is seen."""

LOOK_ALIKES = ("carer", "courier", "gig", "canvasser", "shared", "fan", "shelter")
"""The classes whose days look like a thief's."""
COVERS: dict[str, float] = {"commuter": 0.62, "occasional": 0.22, "elderly": 0.04, "tourist": 0.0, "pupil": 0.12}
"""The classes as which thieves live, with their shares. Assumption: they mostly commute too."""


@dataclass(frozen=True)
class Parameters:
    """What can be varied without another kind of city: tests and the evaluation do."""

    thieves: float = given(
        0.0002,
        "KDD 2016 by CS548 slides: 840 arrests of 6 M, 0.014 %; ITS Magazine 2019: 0.027 %",
        "share of tokens that are thieves'",
    )
    steals: float = given(
        0.3, ASSUMPTION, "share of days on which a thief goes stealing, on average (from half to 1.5x)"
    )
    commutes: float = given(0.5, ASSUMPTION, "share of stealing days on which the usual ways are made too")
    thefts: float = given(0.22, ASSUMPTION, "thefts for each ride of a stealing day")
    reported: float = given(0.3, ASSUMPTION, "share of thefts that are reported to the operator with a time and place")
    minutes_off: float = given(8.0, ASSUMPTION, "how far, on average, a reported time is off")
    place_off: float = given(0.15, ASSUMPTION, "share of reports that name another stop of the line")
    place_missing: float = given(0.15, ASSUMPTION, "share of reports that name the line alone")
    span: float = given(15.0, ASSUMPTION, "minutes of the span that a report gives, at least; up to three times that")
    background: float = given(
        0.5, ASSUMPTION, "reports that no simulated thief caused (lost, false, thieves without cards), for each other"
    )
    thief_rides: float = given(1.0, ASSUMPTION, "how many rides thieves make on a round, against what their style says")
    look_alikes: float = given(
        1.0, ASSUMPTION, "how many tokens couriers, canvassers, carers, gig workers, fans and others have, against that"
    )
    second_token: float = given(
        0.06,
        "assumption; that a phone's token is not the card's number is how EMV payment works",
        "share of riders who also pay by phone: one person, two tokens",
    )
    by_device: float = given(0.4, ASSUMPTION, "share of their days on which these pay by phone")
    shared_by: int = given(2, ASSUMPTION, "people on one shared token")
    couples: float = given(0.3, ASSUMPTION, "share of tourists and pupils who go about with another one, ride for ride")
    exit_missing_bus: float = given(0.07, _MACHINES, "share of bus rides without an exit")
    exit_missing_rail: float = given(0.003, _MACHINES, "share of rail rides without an exit: gates ask for it")
    flat_lines: float = given(0.12, _MACHINES, "share of bus lines with a flat fare: one tap a ride, action `single`")
    lost: float = given(0.002, _MACHINES, "share of taps that never reach the log")
    doubled: float = given(0.004, _MACHINES, "share of taps that are logged twice, seconds apart, under two ids")
    clocks_off: float = given(0.0, _MACHINES, "share of buses whose clock is off by three hours; 0 unless asked for")
    two_legs: float = given(
        0.28,
        "Shenzhen, 1 Sep 2018: 9.4-15.7 % of exits change; with buses more: assumption",
        "share of ways to work that need two rides",
    )
    ride_minutes: float = given(
        29.85,
        "Shenzhen, 1 Sep 2018: mean metro journey 1,791 s",
        "mean minutes of a metro ride; the city is fitted to it",
    )


def table() -> Iterator[tuple[str, str, str, str]]:
    """Every figure: name, value, source, meaning; for the reference page and the test that none lacks a source."""
    for one in fields(Parameters):
        yield one.name, str(one.default), *_said(one)
    for group, members in (("class", CLASSES), ("habit", HABITS), ("style", STYLES)):
        for name, member in members.items():
            values = ", ".join(
                f"{part.name} {getattr(member, part.name)}" for part in fields(member) if part.name != "source"
            )
            yield f"{group} {name}", values, member.source, (type(member).__doc__ or "").splitlines()[0]
    for cover, share in COVERS.items():
        yield f"cover {cover}", str(share), ASSUMPTION, "share of thieves who live as this class"


def _said(one: Field[Any]) -> tuple[str, str]:
    return one.metadata["source"], one.metadata["says"]
