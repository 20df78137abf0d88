"""The odds of a rule in plain sentences. They open every block of odds, and say what the figures are of.

A property of the rule and a log, never of a person: no sentence has a person as its subject, none says how likely
anybody is anything, and a figure of chance is never turned into "one in so many millions". DESIGN, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coincide.events.event import TAP
from coincide.odds.attendance import ESTIMATOR as DAYS
from coincide.odds.likeness import SWAP

CLOSING = "Nothing here says why someone bought."
_CLOSINGS = {"purchase": CLOSING, TAP: "Nothing here says why someone travelled."}
_NOUNS = {"purchase": "purchases", TAP: "journeys"}
OWNERS = {"actor": "actors", "account": "accounts", "organisation": "organisations"}
"""Of anything else, values."""


def paragraph(document: Mapping[str, Any]) -> list[str]:
    """The sentences of a backtest's document: what it found, what the deals and the made-up rules give, and no more."""
    said = [_matched(document), _dealt(document), _made_up(document)]
    return [sentence for sentence in said if sentence] + [closing(document)]


def short(document: Mapping[str, Any]) -> str:
    """One sentence, to stand beside an alert."""
    counts, log = document["counts"], document["log"]
    found = f"{number(counts['actors'])} of {_people(counts['examined'], log['by'])} matched in {_days(log['days'])}"
    beside = []
    if document["deals"].get("estimator") == DAYS:
        beside.append(f"on other days chance alone brings {_about(document['deals']['mean'])} there as often")
    elif "mean" in document["deals"]:
        beside.append(f"the same {noun(document)} dealt out again match {_about(document['deals']['mean'])}")
    if "median" in document["placebos"]:
        beside.append(f"made-up rules like it {number(document['placebos']['median'])}")
    told = f"{found}; {', '.join(beside)}" if beside else found
    return f"{told}. This is about the rule, not about this alert."


def closing(document: Mapping[str, Any]) -> str:
    """What the figures do not say."""
    return _CLOSINGS.get(document["log"]["kind"], "Nothing here says why anything happened.")


def noun(document: Mapping[str, Any]) -> str:
    """What is dealt out."""
    return _NOUNS.get(document["log"]["kind"], "events")


def number(value: float) -> str:
    """A whole number as it is read."""
    return f"{round(value):,}"


def _matched(document: Mapping[str, Any]) -> str:
    counts, log = document["counts"], document["log"]
    people, rate = _people(counts["examined"], log["by"]), counts["per_100000_30_days"]
    if not counts["examined"]:
        return f"There are no {noun(document)} in the log."
    told = f"{number(counts['actors'])} of {people} matched in {_days(log['days'])}"
    if isinstance(rate, Mapping):
        return f"{told}."
    per = number(rate) if rate >= 1 or not rate else "fewer than 1"
    return f"{told} ({per} per 100,000 {owners(log['by'])} and 30 days)."


def _dealt(document: Mapping[str, Any]) -> str:
    deals, quick = document["deals"], document.get("quick")
    if quick is not None and "expected" in quick:
        return f"By a formula, {_about(quick['expected'])} would match by chance alone. {quick['bias']}"
    if quick is not None:
        return f"What chance alone gives cannot be told: {quick['why_not']}."
    if "mean" not in deals:
        return f"What chance alone gives cannot be told: {deals['why_not']}."
    between = f"{number(deals['low'])} to {number(deals['high'])}"
    if deals["estimator"] == DAYS:
        people = f"{_about(deals['mean'])} {owners(document['log']['by'])} (95 % of deals: {between})"
        return (
            f"Had they happened on other days, at the same places and hours, {people} would have been there as often."
        )
    among = f"among equally busy {owners(document['log']['by'])}"
    if deals["estimator"] == SWAP:
        among += ", at their own times,"
    match = f"match {_about(deals['mean'])} (95 % of deals: {between})"
    return f"The same {noun(document)} dealt out again {among} {match}."


def _made_up(document: Mapping[str, Any]) -> str:
    placebos = document["placebos"]
    if placebos.get("why_not") == document["deals"].get("why_not", "") or document["deals"].get("estimator") == DAYS:
        return ""
    if "median" not in placebos:
        return f"No made-up rules stand beside it: {placebos['why_not']}."
    rules, (low, high) = number(placebos["rules"]), placebos["range"]
    told = f"{rules} made-up rules with equally common components matched {number(placebos['median'])}"
    return f"{told} (95 %: {number(low)} to {number(high)}); {_rank(placebos['rank'], placebos['rules'])}."


def _rank(rank: int, rules: int) -> str:
    if rank == 1:
        return "none of them matched more than this rule"
    if rank > rules:
        return "all of them matched more than this rule"
    return f"this rule is {_ordinal(rank)} of {number(rules)}"


def _ordinal(value: int) -> str:
    end = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value:,}{end}"


def _about(mean: float) -> str:
    return number(mean) if mean >= 0.5 or mean == 0 else "fewer than 1"


def _days(days: float) -> str:
    whole = round(days)
    return "a day" if whole <= 1 else f"{whole:,} days"


def _people(count: int, by: str) -> str:
    name = owners(by)
    return f"{count:,} {name.removesuffix('s') if count == 1 and by in OWNERS else name}"


def owners(by: str) -> str:
    """What a rule counts, by its ``by``, in the plural."""
    return OWNERS.get(by, f"values of {by}")
