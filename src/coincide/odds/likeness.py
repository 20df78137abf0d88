"""How a rule stands beside chance: the deals and the made-up rules as figures, with what they rest on, or why not.

Between ``deal`` and ``control``, which count, and the document that people read: percentiles, the Monte Carlo error,
the rank, the calibrated range. Ranges are of whole numbers and reach outwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coincide.odds import deal
from coincide.odds.calibration import calibration
from coincide.odds.control import ALIKE, Controls, TooFew
from coincide.odds.hand import Counted, Hand
from coincide.odds.level import drift
from coincide.rules.expression import Aggregate, walk
from coincide.rules.plan import Plan, Velocity

SWAP_AND_SNAP, SWAP = "history swap and snap", "history swap"
"""Dealt events move to trips of their new owners, or keep their times."""


def why_not_dealt(hand: Hand, days: float, width_days: float) -> str | None:
    """Why nothing can be dealt out, in words; ``None`` if it can."""
    if hand.plan.tagged is None:
        return "the rule looks at everything, and has no components to deal out"
    if _counts_accounts(hand.plan):
        return "the rule counts the accounts of an actor, and a deal gives purchases to an actor, not to an account"
    if not len(hand):
        return "nothing in the log carries a component of the rule"
    if len(hand.carries) < 2:
        return "the rule has one component, and histories that are dealt out whole match as they did before"
    if len(hand.everybody) < deal.LEAST:
        there = len(hand.everybody)
        return f"not enough: {there:,} {'was' if there == 1 else 'were'} there; {deal.LEAST} needed for a deal"
    if days < width_days:
        return f"not enough: the log has {days:.3g} days, and a window of the rule {width_days:.3g}"
    return None


def _counts_accounts(plan: Plan) -> bool:
    """Whether a rule by actor asks how many accounts bought: a deal knows of no account who bought what was dealt."""
    asked = () if plan.unless is None else walk(plan.unless)
    measures = [node.field for node in asked if isinstance(node, Aggregate) and node.measure == "distinct"]
    counted = plan.condition.distinct if isinstance(plan.condition, Velocity) else None
    return plan.by == "actor" and "account" in (counted, *measures)


def dealt(found: Counted, hand: Hand, seed: int) -> dict[str, Any]:
    """What the deals give: of ``found.actors``, mean, 95 % range and Monte Carlo error of the mean."""
    actors = found.actors
    low, high = _range(actors, 95)
    snap = hand.everybody.trips is not None and len(hand) <= deal.SNAPPED
    return {
        "estimator": SWAP_AND_SNAP if snap else SWAP,
        "deals": len(actors),
        "mean": float(actors.mean()),
        "low": low,
        "high": high,
        "error": float(actors.std(ddof=1) / np.sqrt(len(actors))) if len(actors) > 1 else 0.0,
        "alerts": float(found.alerts.mean()),
        "block": deal.BLOCK if snap else deal.BLOCK_AT_SCALE,
        "seed": seed,
        "counts": actors.tolist(),
    }


def made_up(found: Controls | TooFew, observed: int, mean: float) -> dict[str, Any]:
    """What the made-up rules matched, the place of this rule among them, and what they make of the deals' mean."""
    if isinstance(found, TooFew):
        return {"why_not": found.because}
    actors = found.found.actors
    told = {
        "rules": len(actors),
        "median": float(np.median(actors)),
        "half": list(_range(actors, 50)),
        "range": list(_range(actors, 95)),
        "rank": int((actors > observed).sum()) + 1,
        "alike": ALIKE,
        "counts": actors.tolist(),
    }
    said = calibration(actors, found.expected, found.variance)
    if said is None:
        return {**told, "calibrated": {"why_not": "neither they nor their deals matched anything"}}
    return {
        **told,
        "factor": said.factor,
        "variation": said.variation,
        "expected": said.expected(mean),
        "calibrated": list(said.range(mean)),
        "drift": drift(found.before, found.after),
    }


def _range(values: Any, percent: float) -> tuple[int, int]:
    tail = (100 - percent) / 2
    return (
        int(np.percentile(values, tail, method="lower")),
        int(np.percentile(values, 100 - tail, method="higher")),
    )
