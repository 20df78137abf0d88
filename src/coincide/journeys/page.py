"""The pages: whole in one file, opened offline, readable without scripts, printed on A4.

What comes from operators and people is text, whatever it looks like. People stand in it as pseudonyms.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from coincide.alerts.account import Account
from coincide.alerts.alert import iso
from coincide.html.charted import Charted, charted
from coincide.journeys.alert_part import alert_parts
from coincide.journeys.city import City
from coincide.journeys.day import Day
from coincide.journeys.overview import Overview
from coincide.journeys.overview_part import overview_parts
from coincide.journeys.places_part import MOST, places_parts
from coincide.odds.places import Places
from coincide.odds.steward import WHY

FOLDER = Path(__file__).with_name("templates")


def alert_page(told: Account, days: Sequence[Day] = (), why_not: str | None = None) -> str:
    """The page of an alert."""
    return _template("alert.html").rendered(told=told, parts=alert_parts(told, days, why_not))


def overview_page(city: Overview) -> str:
    """The page of a city."""
    return _template("overview.html").rendered(city=city, parts=overview_parts(city))


def places_page(found: Places, city: City | None, span: str, most: int = MOST) -> str:
    """The page of places; ``span``: of which days, in words."""
    return _template("places.html").rendered(why=WHY, span=span, parts=places_parts(found, city, most))


@cache
def _template(name: str) -> Charted:
    return charted(FOLDER, name, {"iso": iso})
