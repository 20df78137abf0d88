"""Whose column is whose: from the user's column names to the fields of the contract, as SQL expressions.

The expressions are DuckDB's, identifiers always quoted. Text fields come out as text, exactly as the contract
writes numbers; numbers and times keep their type, and :mod:`coincide.events.canonical` reads them.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from sqlglot import exp

from coincide.events.errors import (
    MissingMapping,
    NoTimeUnit,
    Nowhere,
    NoZone,
    UnclearAmount,
    UnfitColumn,
    UnfitFirst,
    UnfitValues,
    UnknownColumn,
    UnknownField,
)
from coincide.events.event import CLOSED, CORE, INCIDENT, TAP, Type, contract_order
from coincide.events.text import NOT_UTF8, is_identifier
from coincide.settings import Attribute, LinkFile, Source

AMOUNT = "amount"
"""Amount in major units: mapped in place of ``amount_minor``, which ``canonical`` makes of it."""

REQUIRED = ("event_id", "occurred_at", "account")
UNOWNED = (TAP, INCIDENT)
"""Kinds of events that may have no account: incidents are nobody's, and some taps are counted without a token."""

_INTEGERS = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_TEXTS = frozenset({"VARCHAR", "UUID", "JSON", "BOOLEAN", "DATE", "TIMESTAMP"})
_NAIVE = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_ZONED = frozenset({"TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"})
_NULL = '"NULL"'


def check(source: Source) -> None:
    """Guards of the mapping that need no file.

    Raises ``UnknownField``, ``MissingMapping``, ``Nowhere``, ``UnclearAmount``, ``UnfitValues``, ``UnfitFirst``.
    """
    for field in source.columns:
        if field not in CORE and field != AMOUNT:
            raise UnknownField(field, known=(*CORE, AMOUNT))
    for field in REQUIRED:
        if field not in source.columns and not (field == "account" and unowned(source)):
            raise MissingMapping(field)
    if source.kind == INCIDENT and not {"place", "line"} & source.columns.keys():
        raise Nowhere
    _check_values(source)
    if AMOUNT in source.columns and "amount_minor" in source.columns:
        raise UnclearAmount("both `amount` and `amount_minor` are mapped")
    if AMOUNT in source.columns and "currency" not in source.columns:
        raise UnclearAmount("`amount` is mapped without `currency`")


def unowned(source: Source) -> bool:
    """Whether the events of this source need no account: all of them are incidents or taps."""
    kinds = {source.kind} if source.kind is not None else set(source.values.get("kind", {}).values()) - {""}
    return bool(kinds) and kinds <= set(UNOWNED)


def _check_values(source: Source) -> None:
    for field, values in source.values.items():
        known = field in source.columns or field.removeprefix("attributes.") in source.attributes
        if not known or (field in CORE and CORE[field].type != "text"):
            raise UnfitValues(f"`values.{field}` is given, and `{field}` is no mapped field of text")
        if is_identifier(field):
            raise UnfitValues(f"`values.{field}` would give identifiers other names")
        for value in values.values():
            if value and value not in CLOSED.get(field, (value,)):
                raise UnfitValues(f"`{value}` is no value of `{field}`, which is one of {', '.join(CLOSED[field])}")
    for field in source.first_of:
        several = isinstance(source.columns.get(field), list)
        if not several or field not in CORE or CORE[field].type != "text" or is_identifier(field):
            raise UnfitFirst(field)


def mapped(source: Source | LinkFile) -> dict[str, tuple[str, ...]]:
    """Each mapped field, in contract order (``amount`` first), with the raw columns it is made of."""
    links = {f"link.{kind}": (column,) for kind, column in source.links.items()}
    if isinstance(source, LinkFile):
        return {"account": (source.account,), **{name: links[name] for name in sorted(links)}}
    attributes = {f"attributes.{name}": (column,) for name, column in source.attributes.items()}
    core = {name: (column,) if isinstance(column, str) else tuple(column) for name, column in source.columns.items()}
    every = {**core, **links, **attributes}
    order = contract_order(name for name in every if name != AMOUNT)
    return {name: every[name] for name in ((AMOUNT, *order) if AMOUNT in every else order)}


def fields(source: Source | LinkFile) -> tuple[str, ...]:
    """The fields of the canonical frame of this source, in contract order; ``kind`` is always one of them."""
    names = {"amount_minor" if name == AMOUNT else name for name in mapped(source)}
    if isinstance(source, Source):
        names.add("kind")
    return contract_order(names)


def raw_columns(source: Source | LinkFile, names: Iterable[str] | None = None) -> set[str]:
    """The raw columns that the fields ``names`` (all, unless given) are made of.

    ``amount_minor`` stands for ``amount`` and ``currency`` where these are mapped.
    """
    every = mapped(source)
    wanted = set(every) if names is None else set(names)
    if AMOUNT in every and "amount_minor" in wanted:
        wanted |= {AMOUNT, "currency"}
    return {column for name in wanted for column in every.get(name, ())}


def text_columns(source: Source | LinkFile, attributes: Mapping[str, Attribute] | None = None) -> frozenset[str]:
    """The raw columns that a text field is made of."""
    every = mapped(source)
    texts = [name for name in every if type_of(name, attributes or {}) == "text"]
    return frozenset(column for name in texts for column in every[name])


def projection(
    source: Source | LinkFile,
    columns: Mapping[str, str],
    attributes: Mapping[str, Attribute] | None = None,
    *,
    only: Container[str] | None = None,
) -> dict[str, exp.Expression]:
    """Each mapped field (``only`` these, unless all) as an expression over the raw ``columns`` (name to DuckDB type).

    ``attributes`` are those that settings declare; one that is not declared is text. ``amount``, where mapped,
    stands under its own name; a constant ``kind`` is not in it. Raises ``UnknownColumn``, ``UnfitColumn``,
    ``NoTimeUnit``, ``NoZone`` and what :func:`check` raises.
    """
    if isinstance(source, Source):
        check(source)
    made = {}
    for field, names in mapped(source).items():
        if only is not None and field not in only:
            continue
        for name in names:
            if name not in columns:
                raise UnknownColumn(name, known=columns)
        kinds = [columns[name] for name in names]
        made[field] = _field(source, field, names, kinds, type_of(field, attributes or {}))
    return made


def bare(field: exp.Expr) -> exp.Expr:
    """The column itself, with an empty text where the mapped field is missing."""
    if isinstance(field, exp.Anonymous) and field.name.upper() == "NULLIF":
        first: exp.Expr = field.expressions[0]
        return first.copy()
    return field.copy()


def type_of(field: str, attributes: Mapping[str, Attribute]) -> Type:
    """The type of a mapped field; an attribute is of the type that settings declare, else text."""
    if field == AMOUNT:
        return "number"
    if field in CORE:
        return CORE[field].type
    declared = attributes.get(field.removeprefix("attributes.")) if field.startswith("attributes.") else None
    return declared.type if declared is not None else "text"


def _field(
    source: Source | LinkFile, field: str, names: tuple[str, ...], kinds: list[str], kind: Type
) -> exp.Expression:
    if kind == "text":
        return _text(source, field, names, kinds)
    if len(names) > 1:
        raise UnfitColumn(field, ", ".join(names), type="several columns", wanted="one value")
    name, found = names[0], kinds[0]
    if kind == "time":
        _check_time(source, field, name, found)
    elif not (_is_number(found) or found in ("VARCHAR", _NULL)):
        raise UnfitColumn(field, name, type=found, wanted="a number")
    elif found == "VARCHAR":
        return _there(source, _column(name))
    return _column(name)


def _check_time(source: Source | LinkFile, field: str, name: str, found: str) -> None:
    if found in ("VARCHAR", _NULL) or found in _ZONED:
        return
    if found in _NAIVE:
        if isinstance(source, Source) and source.timezone is None:
            raise NoZone(field)
        return
    if found not in _INTEGERS:
        raise UnfitColumn(field, name, type=found, wanted="a time")
    if isinstance(source, Source) and source.time_unit is None:
        raise NoTimeUnit(field, name)


def _is_number(kind: str) -> bool:
    return kind in _INTEGERS or kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL")


def _text(source: Source | LinkFile, field: str, names: tuple[str, ...], kinds: list[str]) -> exp.Expression:
    parts = [_there(source, _as_text(field, name, kind)) for name, kind in zip(names, kinds, strict=True)]
    if isinstance(source, Source) and field in source.first_of:
        filled = [_function("NULLIF", part, _literal("")) for part in parts]
        return _valued(source, field, _function("COALESCE", *filled))
    if field == "account" and isinstance(source, Source):
        parts = [_named(source, part) for part in parts]
    if is_identifier(field):
        parts = [_function("NULLIF", part, _literal("")) for part in parts]
    if len(parts) == 1:
        return _valued(source, field, parts[0])
    joined = _escaped(parts[0])
    for part in parts[1:]:
        # `||` with NULL is NULL: one missing part makes the whole missing.
        joined = exp.DPipe(this=exp.DPipe(this=joined, expression=_literal("|")), expression=_escaped(part))
    return _valued(source, field, exp.Paren(this=joined))


def _there(source: Source | LinkFile, part: exp.Expression) -> exp.Expression:
    """NULL where the text is one that the source writes for nothing."""
    for text in source.missing if isinstance(source, Source) else ():
        part = _function("NULLIF", part, _literal(text))
    return part


def _named(source: Source, part: exp.Expression) -> exp.Expression:
    """NULL where the account stands for nobody in particular."""
    for account in source.anonymous:
        part = _function("NULLIF", part, _literal(account))
    return part


def passed_over(source: Source, columns: Mapping[str, str]) -> exp.Expression | None:
    """Where a row is of an account that stands for nobody in particular; ``None`` where the source names none."""
    if not source.anonymous or "account" not in source.columns:
        return None
    names = mapped(source)["account"]
    parts = [_there(source, _as_text("account", name, columns[name])) for name in names]
    accounts = [_literal(account) for account in source.anonymous]
    found = [
        _function("COALESCE", exp.Paren(this=exp.In(this=part, expressions=accounts)), exp.false()) for part in parts
    ]
    return exp.Paren(this=exp.or_(*found))


def _valued(source: Source | LinkFile, field: str, text: exp.Expression) -> exp.Expression:
    """Our value for each of the user's; of a field with a closed set what is in neither is unreadable."""
    values = source.values.get(field) if isinstance(source, Source) else None
    if not values:
        return text
    ours = {value: value for value in CLOSED.get(field, ())}
    case = exp.case().when(text.copy().is_(exp.null()), exp.null())
    for given, meant in {**ours, **values}.items():
        case = case.when(text.copy().eq(_literal(given)), _literal(meant) if meant else exp.null())
    return case.else_(_literal(NOT_UTF8) if field in CLOSED else text.copy())


def _escaped(part: exp.Expression) -> exp.Expression:
    slashes = _function("REPLACE", part, _literal("\\"), _literal("\\\\"))
    return _function("REPLACE", slashes, _literal("|"), _literal("\\|"))


def _as_text(field: str, name: str, kind: str) -> exp.Expression:
    column = _column(name)
    if kind == "VARCHAR":
        return column
    if kind in _INTEGERS or kind in _TEXTS or kind.startswith(("DECIMAL", "ENUM")) or kind == _NULL:
        return exp.cast(column, "VARCHAR", dialect="duckdb")
    if kind == "DOUBLE":
        return _double(column)
    raise UnfitColumn(field, name, type=kind, wanted="text")


def _double(column: exp.Column) -> exp.Expression:
    """The shortest decimal form without exponent, as ``format(Decimal(repr(x)), "f")`` writes it.

    DuckDB writes the same digits, but with an exponent from 1e16 up and below 1e-4; there the digits are
    set apart and moved. NaN and infinity are no text of anything: NULL.
    """
    text = exp.cast(column.copy(), "VARCHAR", dialect="duckdb")
    size = exp.cast(_function("ABS", column.copy()), "VARCHAR", dialect="duckdb")
    mantissa = _function("SPLIT_PART", size.copy(), _literal("e"), _number(1))
    digits = _function("REPLACE", mantissa, _literal("."), _literal(""))
    power = exp.cast(_function("SPLIT_PART", size.copy(), _literal("e"), _number(2)), "INTEGER")
    sign = exp.case().when(exp.LT(this=column.copy(), expression=_number(0)), _literal("-")).else_(_literal(""))
    large = _function("RPAD", digits.copy(), exp.Add(this=power.copy(), expression=_number(1)), _literal("0"))
    zeros = _function("REPEAT", _literal("0"), exp.Sub(this=exp.Neg(this=power.copy()), expression=_number(1)))
    small = exp.DPipe(this=exp.DPipe(this=_literal("0."), expression=zeros), expression=digits.copy())
    moved = exp.case().when(exp.GT(this=power.copy(), expression=_number(0)), large).else_(small)
    return (
        exp.case()
        .when(exp.Not(this=_function("ISFINITE", column.copy())), exp.null())
        .when(exp.Not(this=_function("CONTAINS", text.copy(), _literal("e"))), text)
        .else_(exp.DPipe(this=exp.Paren(this=sign), expression=exp.Paren(this=moved)))
    )


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _literal(value: str) -> exp.Literal:
    return exp.Literal.string(value)


def _number(value: int) -> exp.Expression:
    return exp.Literal.number(value)


def _function(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))
