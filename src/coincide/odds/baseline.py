"""What a backtest that is on record leads to expect of a rule: alerts a day from its end on, and how sure that is.

The deals of a backtest count actors that match; alerts are counted afterwards, of which an actor may have several. As
many as there were to an actor in the history are expected from now on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coincide.odds import level
from coincide.odds.level import Level

FORM = "backtest/1"
"""Of the document that is read."""
DRIFT = 0.25
"""By how much levels move from one time to another where the backtest has no controls to tell: a little above what
made-up rules did on the real shopping year, 0.11 to 0.19 from half to half (``tests/bench/eprocess.py``)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Baseline:
    """``level``: alerts a day, with the variation of all days after ``until_us``, the end of the history; microseconds
    since 1970 in UTC. ``clumping``: so many alerts count as one. ``calibrated``: whether deals and controls stand
    behind it, or the rule's own history alone.
    """

    level: Level
    until_us: int
    clumping: float
    calibrated: bool


def baseline(document: Mapping[str, Any]) -> Baseline | None:
    """The baseline of a backtest's document; ``None`` if it is in a form that is not known here, or has no days."""
    days = document["log"]["days"] if document.get("coincide") == FORM else 0
    if not days > 0:
        return None
    counts, deals, placebos = (document.get(part) or {} for part in ("counts", "deals", "placebos"))
    until = (datetime.fromisoformat(document["log"]["to"]) - _EPOCH) // timedelta(microseconds=1)
    drift, clumping = placebos.get("drift", DRIFT), level.clumps(_weeks(document))
    if "mean" not in deals or not placebos.get("factor"):
        # Deals that nobody calibrated are wrong by a factor: the rule's own history says more.
        own = level.own(counts["alerts"], days, clumping)
        return Baseline(own.drifting(drift), until, clumping, calibrated=False)
    told = level.calibrated(
        counts["actors"],
        deals["mean"],
        days,
        factor=placebos["factor"],
        variation=placebos["variation"],
        clumping=clumping,
    )
    each = counts["alerts"] / counts["actors"] if counts["actors"] else 1.0
    expected = Level(told.per_day * each, told.variation)
    return Baseline(expected.drifting(drift), until, clumping, calibrated=True)


def _weeks(document: Mapping[str, Any]) -> NDArray[np.int64]:
    """Alerts of each whole week of the calendar, which need not have those without any."""
    calendar = {date.fromisoformat(week["begins"]): week["alerts"] for week in document.get("calendar") or ()}
    if not calendar:
        return np.zeros(0, np.int64)
    first, last = min(calendar), max(calendar)
    # The first and the last week are cut by the ends of the log.
    return np.array(
        [calendar.get(first + timedelta(weeks=at), 0) for at in range(1, (last - first).days // 7)], np.int64
    )
