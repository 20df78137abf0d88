"""Ticks of an axis with names of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from coincide.html.frame import visible


def named(values: Sequence[float], names: Sequence[str]) -> dict[str, Any]:
    """Ticks at ``values``, called ``names``.

    The names stand as text in an expression: JSON writes text as the language of expressions reads it, and the page
    makes no code of it.
    """
    shown, places = json.dumps([visible(name) for name in names]), list(values)
    return {"values": places, "labelExpr": f"{shown}[indexof({json.dumps(places)}, datum.value)]"}
