"""Mappings of published table formats, so that nobody has to write them down: ``[sources.NAME] preset = "..."``.

A preset gives what the section of the source leaves open; what the section says goes over it. Columns that a format
calls optional are left out where the files lack them (:mod:`coincide.events.preset`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

Preset = Literal["tides-fare-transactions"]

# TIDES, fare_transactions.schema.json: the fields and the values of `fare_action`; `missingValues` at its top.
_JOURNEYS = {"Enter": "enter", "Exit": "exit", "Transfer entrance": "transfer", "Transfer exit": "exit"}
_OTHERS = ("Purchase", "Add", "Activate", "Adjust", "Other", "Unknown action type")

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "tides-fare-transactions": {
            "columns": {
                "event_id": "transaction_id",
                "occurred_at": "event_timestamp",
                "kind": "fare_action",
                "account": "token_id",
                "place": "stop_id",
                "vehicle": "vehicle_id",
                "device": "device_id",
                "action": "fare_action",
                "product": ["fare_product", "rider_category"],
                "riders": "num_riders",
            },
            "first_of": ["product"],
            "missing": ["NA", "NaN"],
            # A fare that is sold, a card that is loaded: no journeys, and so no events of any rule.
            "values": {
                "kind": {**dict.fromkeys(_JOURNEYS, "tap"), **dict.fromkeys(_OTHERS, "")},
                "action": {**_JOURNEYS, **dict.fromkeys(_OTHERS, "")},
            },
        }
    }
)
REQUIRED: Mapping[str, frozenset[str]] = MappingProxyType(
    {"tides-fare-transactions": frozenset({"transaction_id", "event_timestamp", "fare_action"})}
)
"""Columns without which files are not of the format (TIDES: ``constraints.required``)."""


def filled(section: Mapping[str, Any]) -> dict[str, Any]:
    """The section of a source with what its preset gives; one without a preset, or an unknown one, as it is."""
    given = PRESETS.get(section.get("preset", "")) if isinstance(section.get("preset"), str) else None
    if given is None:
        return dict(section)
    result = {**given, **section}
    for name in ("columns", "values"):
        own = section.get(name, {})
        result[name] = {**given[name], **own} if isinstance(own, Mapping) else own
    if "kind" in section:
        for name in ("columns", "values"):
            if isinstance(result[name], dict) and "kind" not in section.get(name, {}):
                result[name].pop("kind", None)
    return result
