"""Which rows a rule selects, which it cannot use and why: the first steps of the four ends of a row.

DESIGN, "Events": a field of ``where`` that cannot be read counts as NULL, and the row is quarantined only if kind and
component fit and ``where`` is unknown because of it; a selected row without the fields that the rule needs is
quarantined; a row without a ``by`` value, or in another unit or currency, is no observation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.detect.evaluate import Surroundings, evaluate
from coincide.detect.kernel.observations import Truths
from coincide.detect.rows import Rows
from coincide.detect.there import is_incident
from coincide.events.currency import DIGITS
from coincide.events.event import INCIDENT, contract_order
from coincide.events.reason import (
    ENDS_BEFORE,
    IN_FUTURE,
    NO_ACCOUNT,
    NO_EVENT_ID,
    NO_TIME,
    NO_WHERE,
    UNKNOWN_CURRENCY,
    Reason,
    precedence,
    unreadable,
)
from coincide.rules.expression import fields_of
from coincide.rules.plan import Plan, Threshold

NEVER = np.iinfo(np.int16).max


@dataclass(frozen=True)
class Fit:
    """``usable``: rows the rule keeps, copies included. ``reason``: rank of the reason of quarantine or ``NEVER``."""

    usable: Truths
    reason: NDArray[np.int16]


def reasons(rows: Rows) -> tuple[str, ...]:
    """All reasons of quarantine for these rows in order of precedence: a rank is a position in this tuple."""
    fields = {unreadable(name.removeprefix("!")) for name in rows.frame.columns if name.startswith("!")}
    always = {
        reason.name for reason in (NO_EVENT_ID, NO_ACCOUNT, NO_TIME, NO_WHERE, ENDS_BEFORE, IN_FUTURE, UNKNOWN_CURRENCY)
    }
    return precedence(fields | always)


def needs(plan: Plan) -> tuple[str, ...]:
    """The fields that must be readable for a selected row to be an observation, in the order of the contract."""
    beside_where = replace(plan, where=None).reads
    return contract_order({"event_id", "account"} | beside_where)


def fit(plan: Plan, rows: Rows, around: Surroundings) -> Fit:
    """Kind, component, ``where``, ``by``, unit and currency, then whether the fields needed can be used.

    Rules that ask for the same are answered together: once for these rows and these ``around`` of one run.
    """
    asked = (
        plan.beside_incidents,
        plan.events,
        plan.tagged,
        plan.where,
        plan.by,
        plan.zone,
        needs(plan),
        plan.condition if isinstance(plan.condition, Threshold) else None,
    )
    if asked not in rows.fits:
        rows.fits[asked] = _fit(plan, rows, around)
    found: Fit = rows.fits[asked]
    return found


def _fit(plan: Plan, rows: Rows, around: Surroundings) -> Fit:
    ranks = {reason: rank for rank, reason in enumerate(reasons(rows))}
    reason = np.full(len(rows), NEVER, dtype=np.int16)
    fits = rows.frame["kind"].is_in(plan.events).fill_null(False).to_numpy()
    if plan.tagged is not None:
        fits = fits & rows.carries(plan.tagged)
    selected, unknown = fits, np.zeros(len(rows), dtype=np.bool_)
    if plan.where is not None:
        chosen = np.flatnonzero(fits)
        # Only what the condition reads is taken along: all columns of most rows would be the log a second time.
        fields = (fields_of(plan.where) | {"occurred_at"}) & set(rows.frame.columns)
        truth = evaluate(plan.where, rows.frame.select(sorted(fields))[chosen], around)
        selected, unknown = (
            _spread(truth.fill_null(False), chosen, len(rows)),
            _spread(truth.is_null(), chosen, len(rows)),
        )
        for name in contract_order(fields_of(plan.where)):
            _note(
                reason,
                unknown & rows.flagged(name),
                ranks[unreadable(name)] if f"!{name}" in rows.frame.columns else NEVER,
            )
    nobodys = np.zeros(len(rows), dtype=np.bool_)
    if plan.beside_incidents:
        # Incidents are nobody's: neither `where` nor an account is asked of them.
        nobodys = fits & is_incident(rows)
        reason[nobodys] = NEVER
        selected = selected | nobodys
    incident = _incidents(plan, rows)
    if incident.any():
        for wrong, where in _wrong_incidents(rows, around):
            _note(reason, selected & incident & where, ranks[wrong.name])
    # A sound incident is nobody's, so it is no observation of a rule about what somebody did.
    owned = ~incident | nobodys | rows.present("account") | rows.flagged("account")
    selected = selected & _observed(plan, rows) & owned
    for name, missing in (("event_id", NO_EVENT_ID), ("account", NO_ACCOUNT), ("occurred_at", NO_TIME)):
        asked = selected & ~nobodys if name == "account" else selected
        _note(reason, asked & ~rows.present(name) & ~rows.flagged(name), ranks[missing.name])
    for name in ("occurred_at", *needs(plan)):
        if f"!{name}" in rows.frame.columns:
            _note(reason, selected & rows.flagged(name), ranks[unreadable(name)])
    if isinstance(plan.condition, Threshold) and plan.condition.sum == "amount_minor":
        _note(reason, selected & _unknown_currency(rows), ranks[UNKNOWN_CURRENCY.name])
    return Fit(selected & (reason == NEVER), reason)


def _incidents(plan: Plan, rows: Rows) -> Truths:
    return is_incident(rows) if INCIDENT in plan.events else np.zeros(len(rows), dtype=np.bool_)


def wrong_incidents(columns: Collection[str]) -> Iterator[tuple[Reason, pl.Expr]]:
    """What can be wrong with an incident whenever one looks: conditions over a canonical frame with these columns."""
    there = [pl.col(name).is_not_null() for name in ("place", "line") if name in columns]
    there += [pl.col(name).fill_null(False) for name in ("!place", "!line") if name in columns]
    yield NO_WHERE, ~pl.any_horizontal(pl.lit(False), *there)
    if {"ends_at", "occurred_at"} <= set(columns):
        yield ENDS_BEFORE, (pl.col("ends_at") < pl.col("occurred_at")).fill_null(False)


def _wrong_incidents(rows: Rows, around: Surroundings) -> Iterator[tuple[Reason, Truths]]:
    """What is wrong with incidents beside their account, and where."""
    for name, missing in (("event_id", NO_EVENT_ID), ("occurred_at", NO_TIME)):
        yield missing, ~rows.present(name) & ~rows.flagged(name)
    for reason, wrong in wrong_incidents(rows.frame.columns):
        yield reason, rows.frame.select("kind", wrong.alias("~wrong"))["~wrong"].to_numpy()
    if around.now_us is not None:
        yield IN_FUTURE, (rows.frame["occurred_at"] > around.now_us).fill_null(False).to_numpy()


def _spread(truth: pl.Series, chosen: NDArray[np.int64], height: int) -> Truths:
    whole = np.zeros(height, dtype=np.bool_)
    whole[chosen] = truth.to_numpy()
    return whole


def _note(reason: NDArray[np.int16], where: Truths, rank: int) -> None:
    """Keep the first reason by precedence."""
    reason[where] = np.minimum(reason[where], rank)


def _observed(plan: Plan, rows: Rows) -> Truths:
    """NULL in ``by`` is no observation, nor is a row in another unit or currency than the rule names.

    A value that is there and cannot be read stays in, to be quarantined.
    """
    observed = np.ones(len(rows), dtype=np.bool_)
    if plan.by not in ("actor", "account"):
        observed &= rows.present(plan.by) | rows.flagged(plan.by)
    match plan.condition:
        case Threshold(unit=str(unit)):
            observed &= _equals(rows, "unit", unit)
        case Threshold(currency=str(currency)):
            observed &= _equals(rows, "currency", currency) | _unknown_currency(rows)
        case _:
            pass
    return observed


def _equals(rows: Rows, name: str, value: str) -> Truths:
    if name not in rows.frame.columns:
        return np.zeros(len(rows), dtype=np.bool_)
    return (rows.frame[name] == value).fill_null(False).to_numpy() | rows.flagged(name)


def _unknown_currency(rows: Rows) -> Truths:
    """A currency that is no ISO 4217 code; a missing one is none at all and no observation."""
    if "currency" not in rows.frame.columns:
        return np.zeros(len(rows), dtype=np.bool_)
    return (~rows.frame["currency"].is_in(list(DIGITS))).fill_null(False).to_numpy()
