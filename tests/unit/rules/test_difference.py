"""What changed between two plans of journeys, part by part and in words that a person reads."""

from __future__ import annotations

from coincide.rules.difference import Part, parts
from coincide.rules.load import Context, load_text
from coincide.rules.plan import Plan
from coincide.settings import Boundaries, Journeys

HEAD = """rule: r
title: A rule
status: live
severity: low
why: To try.
basis: {purpose: test, law: none}
innocent: [anything]
events: tap
by: account
"""
BOUNDARIES = Boundaries(purpose="shared cards", law="a law", dpia="DPIA-7")
THERE = "within: 30 days\npresence: {at_least: 3, of: incidents, margin: 10 minutes}"
ODD = "per: service-day\nunusual-day: {at_least: 1, of: [trips], beyond: 99}"


def plan(body: str, journeys: Journeys | None = None, boundaries: Boundaries | None = None) -> Plan:
    (loaded,) = load_text(HEAD + body, context=Context(journeys=journeys or Journeys(), boundaries=boundaries))
    return loaded.plan


def test_parts_of_presence_are_told_in_words() -> None:
    other = "within: 30 days\npresence: {at_least: 2, of: incidents, margin: 1 hours, usual: 25, at: line}"
    assert parts(plan(THERE), plan(other)) == (
        Part("at least", "3", "2"),
        Part("margin", "10 minutes", "1 hour"),
        Part("usual", None, "25"),
        Part("at", "both", "line"),
    )


def test_parts_of_an_unusual_day_are_told_in_words_those_of_settings_too() -> None:
    other = "per: service-day\nunusual-day: {at_least: 2, of: [trips, quick], beyond: 99.9, own: 75}"
    journeys = Journeys(zone="Europe/Paris", service_day="03:00", doubled_seconds=5, longest_ride_minutes=90)
    assert parts(plan(ODD), plan(other, journeys, BOUNDARIES)) == (
        Part("at least", "1", "2"),
        Part("features", "trips", "quick, trips"),
        Part("beyond", "99", "99.9"),
        Part("own", None, "75"),
        Part("one tap within", "10 seconds", "5 seconds"),
        Part("longest ride", "3 hours", "90 minutes"),
        Part("ground for days without an incident", None, "shared cards, a law, DPIA-7"),
        Part("window", "one day of service, from 04:00", "one day of service, from 03:00"),
        Part("time zone", "UTC", "Europe/Paris"),
    )


def test_another_kind_is_told_as_rules_write_it() -> None:
    assert parts(plan(THERE), plan(ODD))[0] == Part("looks for", "presence", "unusual-day")


def test_the_plan_has_another_fingerprint_with_each_setting_it_rests_on() -> None:
    others = [
        plan(ODD, Journeys(zone="Europe/Paris")),
        plan(ODD, Journeys(service_day="03:00")),
        plan(ODD, Journeys(doubled_seconds=5)),
        plan(ODD, Journeys(longest_ride_minutes=90)),
        plan(ODD, None, BOUNDARIES),
        plan(ODD),
    ]
    assert len({one.fingerprint for one in others}) == len(others)
