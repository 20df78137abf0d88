"""Plans to SQL: which rows a run has to look at, in one pass for all its rules.

The statement may select too much, never too little: kinds and components are exact, ``where`` is narrowed only where
the column's own type makes the narrowing certain. ``fit`` decides exactly afterwards. Built as a tree with quoted
identifiers; no text is ever pasted. DESIGN: "How it runs".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from sqlglot import exp

from coincide.events.event import CORE, INCIDENT, contract_order
from coincide.rules.expression import And, Compare, Expression, Field, In, Literal, Or
from coincide.rules.plan import Plan

TITLES, TITLE, TAGS = "coincide_titles", "coincide_title", "coincide_tags"
"""Table of the titles that carry a component, and its columns: text, and list of texts."""
SKUS = "coincide_skus"
"""Table of one column ``value``: the SKUs of all components that the run's rules name."""
NOT_UTF8 = "\ufdd1"
"""Stands where bytes were no UTF-8; a text with it is unreadable and must not be narrowed away."""
_LISTED = 40
_MACHINE = 10**17


_TYPES = {"text": "VARCHAR", "number": "DECIMAL", "whole": "BIGINT", "coordinate": "DOUBLE", "time": "TIMESTAMPTZ"}


@dataclass(frozen=True)
class Wanted:
    """What the catalog knows of the components: SKUs, prefixes of category codes, and which of them titles can be."""

    skus: tuple[str, ...]
    prefixes: tuple[str, ...]
    titled: tuple[str, ...] = ()


def select(
    plans: Sequence[Plan],
    *,
    table: exp.Expr,
    projection: Mapping[str, exp.Expr],
    types: Mapping[str, str],
    kind: str | None,
    wanted: Mapping[tuple[str, ...], Wanted],
    beside: Mapping[str, exp.Expr],
    instead: Mapping[str, exp.Expr] = MappingProxyType({}),
) -> exp.Select | None:
    """The rows of one source that one of the plans may select; ``None`` if no plan reads this source.

    ``projection``: canonical field -> expression over raw columns; ``types``: its DuckDB type where it is a plain
    column; ``kind``: the kind of all rows, or ``None`` if it is a column; ``wanted``: by the tuple of component
    names; ``beside``: further columns, such as file and position; ``instead``: conditions of rules that need not see
    everything they select (``engines.embedded.sieve``).
    """
    conditions = []
    for plan in plans:
        if kind is not None and kind not in plan.events:
            continue
        condition = instead.get(plan.rule) or _condition(plan, projection, types, kind, wanted)
        if condition not in conditions:
            conditions.append(condition)
    if not conditions:
        return None
    columns = [
        *(expression.copy().as_(name, quoted=True) for name, expression in beside.items()),
        *(expression.copy().as_(name, quoted=True) for name, expression in projection.items()),
    ]
    statement = exp.select(*columns).from_(table.copy())
    if "title" in projection and any(one.titled for one in wanted.values()):
        # Joined once for all rules.
        statement = with_titles(statement, projection["title"])
    if any(isinstance(condition, exp.Boolean) for condition in conditions):
        return statement
    return statement.where(exp.or_(*conditions))


def explain_sql(plan: Plan, wanted: Wanted | None = None) -> str:
    """The statement of one rule over a table ``events`` whose columns are called like the fields, formatted.

    ``wanted``: what the catalog knows of the rule's components. A source's own mapping puts its columns in the place
    of these.
    """
    names = {"event_id", "occurred_at", "account", "kind"} | plan.reads
    names |= {"item", "category"} if plan.tagged is not None else set()
    names |= {"title"} if wanted is not None and wanted.titled else set()
    statement = select(
        [plan],
        table=exp.to_table("events"),
        projection={name: exp.column(name, quoted=True) for name in contract_order(names)},
        types={name: _TYPES[CORE[name].type] if name in CORE else "VARCHAR" for name in names},
        kind=None,
        wanted={} if plan.tagged is None else {plan.tagged: wanted or Wanted((), ())},
        beside={},
    )
    return "" if statement is None else statement.sql(dialect="duckdb", pretty=True)


def _condition(
    plan: Plan,
    projection: Mapping[str, exp.Expr],
    types: Mapping[str, str],
    kind: str | None,
    wanted: Mapping[tuple[str, ...], Wanted],
) -> exp.Expr:
    parts: list[exp.Expr] = []
    if kind is None:
        parts.append(projection["kind"].copy().isin(*(exp.Literal.string(name) for name in plan.events)))
    if plan.tagged is not None:
        parts.append(tagged(wanted[plan.tagged], projection))
    if plan.where is not None and not (plan.beside_incidents and kind == INCIDENT):
        narrowed = _narrowed(plan.where, projection, types)
        if narrowed is not None and plan.beside_incidents and kind is None:
            # `where` is about taps alone.
            narrowed = exp.paren(exp.or_(narrowed, projection["kind"].copy().eq(exp.Literal.string(INCIDENT))))
        if narrowed is not None:
            parts.append(narrowed)
    return exp.and_(*parts) if parts else exp.true()


def with_titles(statement: exp.Select, title: exp.Expr) -> exp.Select:
    """The statement with what titles carry beside its rows: the table has each title that carries a component once."""
    same = exp.column(TITLE, quoted=True).eq(title.copy())
    return statement.join(exp.to_table(TITLES), on=same, join_type="left")


def tagged(wanted: Wanted, projection: Mapping[str, exp.Expr]) -> exp.Expr:
    """Item on the list of SKUs, category beginning with one of the prefixes (compared by their lengths), or a title
    with one of the components: more than these are, since a title counts only where the codes say nothing.
    """
    parts: list[exp.Expr] = []
    if wanted.skus and "item" in projection:
        if len(wanted.skus) <= _LISTED:
            parts.append(projection["item"].copy().isin(*(exp.Literal.string(sku) for sku in wanted.skus)))
        else:
            known = exp.select(exp.column("value", quoted=True)).from_(exp.to_table(SKUS))
            parts.append(projection["item"].copy().isin(query=known))
    if wanted.prefixes and "category" in projection:
        for length in sorted({len(prefix) for prefix in wanted.prefixes}):
            start = exp.func("LEFT", projection["category"].copy(), exp.Literal.number(length))
            alike = (exp.Literal.string(prefix) for prefix in wanted.prefixes if len(prefix) == length)
            parts.append(start.isin(*alike))
    if wanted.titled and "title" in projection:
        names = exp.Array(expressions=[exp.Literal.string(name) for name in wanted.titled])
        parts.append(exp.func("LIST_HAS_ANY", exp.column(TAGS, quoted=True), names))
    return exp.paren(exp.or_(*parts)) if parts else exp.false()


def _narrowed(node: Expression, projection: Mapping[str, exp.Expr], types: Mapping[str, str]) -> exp.Expr | None:
    """A condition that every row meets for which ``node`` is true or unreadable; ``None`` if none is certain."""
    match node:
        case And(operands):
            known = [part for one in operands if (part := _narrowed(one, projection, types)) is not None]
            return exp.and_(*known) if known else None
        case Or(operands):
            parts = [_narrowed(one, projection, types) for one in operands]
            certain = [part for part in parts if part is not None]
            return exp.paren(exp.or_(*certain)) if len(certain) == len(parts) else None
        case In(Field(name), values) if _plain_text(name, projection, types):
            texts = [exp.Literal.string(str(value.value)) for value in values]
            return _or_unreadable(projection[name].copy().isin(*texts), projection[name])
        case Compare("=", Field(name), Literal(str(value))) if _plain_text(name, projection, types):
            return _or_unreadable(projection[name].copy().eq(exp.Literal.string(value)), projection[name])
        case Compare(operator, Field(name), Literal(Decimal() as value)) if operator != "<>":
            return _compared(operator, name, value, projection, types)
        case _:
            return None


def _plain_text(name: str, projection: Mapping[str, exp.Expr], types: Mapping[str, str]) -> bool:
    field = CORE.get(name)
    return name in projection and types.get(name) == "VARCHAR" and (field is None or field.type == "text")


def _or_unreadable(condition: exp.Expr, field: exp.Expr) -> exp.Expr:
    unreadable = exp.func("CONTAINS", field.copy(), exp.Literal.string(NOT_UTF8))
    return exp.paren(exp.or_(condition, unreadable))


def _compared(
    operator: str,
    name: str,
    value: Decimal,
    projection: Mapping[str, exp.Expr],
    types: Mapping[str, str],
) -> exp.Expr | None:
    """Numbers in columns of whole numbers only, where the database compares exactly; huge ones stay in."""
    if name not in projection or types.get(name) not in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT"):
        return None
    field, bound = projection[name], exp.Literal.number(format(value, "f"))
    if abs(value) >= _MACHINE:
        return None
    made = {
        "=": exp.EQ,
        "<": exp.LT,
        "<=": exp.LTE,
        ">": exp.GT,
        ">=": exp.GTE,
    }[operator](this=field.copy(), expression=exp.paren(bound) if value < 0 else bound)
    huge = exp.Literal.number(_MACHINE)
    outside = exp.or_(
        exp.GTE(this=field.copy(), expression=huge.copy()),
        exp.LTE(this=field.copy(), expression=exp.Neg(this=huge)),
    )
    return exp.paren(exp.or_(made, outside))
