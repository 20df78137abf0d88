"""What a backtest that is on record leads to expect of a rule: alerts a day from its end on, and how sure that is.

The deals of a backtest count actors that match; alerts are counted afterwards, of which an actor may have several. As
many as there were to an actor in the history are expected from now on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from coincide.odds import level
from coincide.odds.level import Level

FORM = "backtest/1"
"""Of the document that is read."""
DRIFT = 0.25
"""By how much levels move from one time to another where the backtest has no controls to tell: a little above what
made-up rules did on the real shopping year, 0.14 to 0.24 (``tests/bench/eprocess.py``)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Baseline:
    """``level``: alerts a day, with the variation of all days after ``until_us``, the end of the history; microseconds
    since 1970 in UTC. ``calibrated``: whether deals and controls stand behind it, or the rule's own history alone.
    """

    level: Level
    until_us: int
    calibrated: bool


def baseline(document: Mapping[str, Any]) -> Baseline | None:
    """The baseline of a backtest's document; ``None`` if it is in a form that is not known here, or has no days."""
    days = document["log"]["days"] if document.get("coincide") == FORM else 0
    if not days > 0:
        return None
    counts, deals, placebos = (document.get(part) or {} for part in ("counts", "deals", "placebos"))
    until = (datetime.fromisoformat(document["log"]["to"]) - _EPOCH) // timedelta(microseconds=1)
    drift = placebos.get("drift", DRIFT)
    if "mean" not in deals or not placebos.get("factor"):
        # Deals that nobody calibrated are wrong by a factor: the rule's own history says more.
        return Baseline(level.own(counts["alerts"], days).drifting(drift), until, calibrated=False)
    told = level.calibrated(
        counts["actors"], deals["mean"], days, factor=placebos["factor"], variation=placebos["variation"]
    )
    each = counts["alerts"] / counts["actors"] if counts["actors"] else 1.0
    return Baseline(Level(told.per_day * each, told.variation).drifting(drift), until, calibrated=True)
