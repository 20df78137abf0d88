"""What is called impossible is so: no row makes it true."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.catalog.managed_list import ManagedList
from coincide.detect.evaluate import Surroundings, evaluate
from coincide.rules.expression import And, Compare, Expression, Field, In, InList, IsNull, Like, Literal, Not, Or
from coincide.watch.possible import ANY, can_hold, possible

FIELDS = ("status", "country", "title")
fields = st.sampled_from(FIELDS).map(Field)
values = st.sampled_from(["a", "b"]).map(Literal)
leaves = st.one_of(
    st.builds(Compare, st.sampled_from(["=", "<>", "<"]), fields, values),
    st.builds(In, fields, st.tuples(values)),
    st.builds(Like, fields, st.just("a%")),
    st.builds(IsNull, fields),
    st.builds(InList, fields, st.sampled_from(["gone", "there"])),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.tuples(inner, inner)),
        st.builds(Or, st.tuples(inner, inner)),
    ),
    max_leaves=6,
)


def listed(*entries: str) -> ManagedList:
    schema = {"value": pl.String, "from": pl.Int64, "until": pl.Int64}
    return ManagedList("x", pl.DataFrame([(entry, 0, 9) for entry in entries], schema=schema, orient="row"), "")


AROUND = Surroundings("UTC", {"gone": listed(), "there": listed("a")})
ROWS = pl.DataFrame(
    [(a, b, c, 1) for a in ("a", "b", None) for b in ("a", "b", None) for c in ("a", "b", None)],
    schema={"status": pl.String, "country": pl.String, "title": pl.String, "occurred_at": pl.Int64},
    orient="row",
)


@settings(deadline=None)
@given(expressions, st.sets(st.sampled_from(FIELDS)))
def test_every_truth_that_a_row_gives_was_possible(expression: Expression, missing: set[str]) -> None:
    rows = ROWS.filter([pl.col(name).is_null() for name in missing]) if missing else ROWS
    told = set(evaluate(expression, rows, AROUND).to_list())
    assert told <= possible(expression, missing, {"gone"})


def test_a_field_that_is_missing_everywhere_is_never_equal_nor_unequal() -> None:
    equal = Compare("=", Field("status"), Literal("refused"))
    assert not can_hold(equal, missing={"status"})
    assert not can_hold(Not(equal), missing={"status"})
    assert can_hold(IsNull(Field("status")), missing={"status"})
    assert not can_hold(Not(IsNull(Field("status"))), missing={"status"})
    assert can_hold(equal, missing={"country"})


def test_an_empty_list_has_nobody_on_it_and_everybody_off_it() -> None:
    on = InList(Field("account"), "watched")
    assert not can_hold(on, empty={"watched"})
    assert can_hold(Not(on), empty={"watched"})
    assert can_hold(on, empty={"another"})


def test_one_open_way_is_enough_for_or_and_one_closed_one_for_and() -> None:
    shut, free = InList(Field("account"), "watched"), Compare(">", Field("quantity"), Literal(Decimal(5)))
    assert can_hold(Or((shut, free)), empty={"watched"})
    assert not can_hold(And((shut, free)), empty={"watched"})
    assert possible(free, (), ()) == ANY
