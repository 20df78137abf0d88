"""A world written down as the folder a user would have: settings, rules, catalog, lists, link files, source files.

The rows of a source can lie in several files and in forms that mean the same: text or numbers of the format's
own, quoted or not, ends of line of either sort. :class:`Layout` holds these choices, so that the same world can
be written in many ways.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from property.choice import Choice
from property.draw_expression import spelled, uses_clock
from reference.event import FIELDS, Unreadable, number
from reference.world import Bad, Cell, LinkFile, Row, Rule, Source, World

_UNITS = {86_400_000_000: "days", 3_600_000_000: "hours", 60_000_000: "minutes"}
Place = tuple[str, int]
"""A source and the number of the row in it, from 0."""


@dataclass
class Form:
    """How one source is written. ``cuts``: the numbers of the rows at which a new file starts."""

    cuts: list[int] = field(default_factory=list)
    own_numbers: bool = False
    delimiter: str = ","
    newline: str = "\n"
    mark: bool = False
    blank_lines: bool = False
    last_newline: bool = True


Layout = dict[str, Form]


@dataclass(frozen=True)
class Part:
    """One file of a source: its name under the workspace, and the rows that it holds."""

    source: str
    file: str
    rows: list[int]


def layout(choice: Choice, world: World, *, most_files: int = 3) -> Layout:
    """Random forms for the sources of a world."""
    made = {}
    for name, source in world.sources.items():
        cuts = sorted({choice.below(len(source.rows) + 1) for _ in range(choice.below(most_files))})
        made[name] = Form(
            cuts=_possible(source, cuts),
            own_numbers=choice.percent(50),
            delimiter=choice.of([",", ",", ";", "\t"]),
            newline=choice.of(["\n", "\n", "\r\n"]),
            mark=choice.percent(10),
            blank_lines=choice.percent(15),
            last_newline=not choice.percent(15),
        )
    return made


def parts(world: World, layout: Layout) -> list[Part]:
    """The files of all sources, in the order of their names."""
    made = []
    for name, source in world.sources.items():
        edges = [0, *layout[name].cuts, len(source.rows)]
        for index, (low, high) in enumerate(pairwise(edges)):
            made.append(Part(name, f"data/{name}/{index:02}.{source.format}", list(range(low, high))))
    return made


def write(world: World, layout: Layout, folder: Path) -> dict[Place, tuple[str, int]]:
    """Write everything; for each row its file and its position there."""
    write_settings(world, layout, folder)
    places: dict[Place, tuple[str, int]] = {}
    for part in parts(world, layout):
        places |= write_part(world, layout, folder, part)
    return places


def write_settings(world: World, layout: Layout, folder: Path) -> None:
    """Everything but the files of the sources."""
    for name in ("rules", "lists", "master"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in world.sources:
        (folder / "data" / name).mkdir(parents=True, exist_ok=True)
    (folder / "coincide.toml").write_text(_toml(world, layout), "utf-8")
    _write_table(folder / "catalog.csv", ["match", "value", "component"], list(world.catalog))
    for name, entries in world.lists.items():
        _write_table(folder / "lists" / f"{name}.csv", ["value", "from", "until"], list(entries))
    for name, master in world.link_files.items():
        _write_master(folder / "master" / f"{name}.csv", master)
    (folder / "rules" / "rules.yaml").write_text("---\n".join(map(rule_text, world.rules)), "utf-8")


def write_part(world: World, layout: Layout, folder: Path, part: Part) -> dict[Place, tuple[str, int]]:
    """Write one file of a source."""
    source, form = world.sources[part.source], layout[part.source]
    rows = [source.rows[number_] for number_ in part.rows]
    if source.format == "csv":
        content, positions = _csv(source, form, rows)
    elif source.format == "ndjson":
        content, positions = _ndjson(source, form, rows)
    else:
        content, positions = _parquet(source, form, rows), list(range(len(rows)))
    (folder / part.file).write_bytes(content)
    return {
        (part.source, number_): (part.file, position) for number_, position in zip(part.rows, positions, strict=True)
    }


# --- settings, rules, small tables ------------------------------------------------------------------------------


def _toml(world: World, layout: Layout) -> str:
    lines = []
    if (begins := service_day(world.rules)) is not None:
        lines += ["[journeys]", f"service_day = {_quoted(begins)}"]
    if anywhere(world.rules):
        lines += ["[boundaries]", 'purpose = "a test"', 'law = "none"', 'dpia = "none"']
    for name, attribute in world.attributes.items():
        lines += [f"[attributes.{name}]", f"type = {_quoted(attribute)}"]
        lines += ['reviewed_by = "data protection officer"', "reviewed_on = 2025-01-01"]
    for name, source in world.sources.items():
        lines += [f"[sources.{name}]", f"files = {_quoted(f'data/{name}/*.{source.format}')}"]
        lines += [f"timezone = {_quoted(source.timezone)}"]
        if source.kind is not None:
            lines.append(f"kind = {_quoted(source.kind)}")
        if source.accounts is not None:
            lines.append(f"accounts = {_quoted(source.accounts)}")
        if source.format == "csv":
            lines.append(f"delimiter = {_quoted(layout[name].delimiter)}")
        for section in ("columns", "links", "attributes"):
            lines.append(f"[sources.{name}.{section}]")
            lines += [f"{_quoted(key)} = {_quoted(value)}" for key, value in getattr(source, section).items()]
    for name, master in world.link_files.items():
        lines += [f"[links.{name}]", f'files = "master/{name}.csv"', f"accounts = {_quoted(master.accounts)}"]
        lines += [f"account = {_quoted(master.account)}", f"[links.{name}.links]"]
        lines += [f"{_quoted(key)} = {_quoted(value)}" for key, value in master.links.items()]
    lines += ["[catalog]", 'files = "catalog.csv"', "[entities]", f"group_limit = {world.group_limit}"]
    for name, kind in world.kinds.items():
        strength = "strong" if kind.strong else "weak"
        lines += [f"[entities.kinds.{name}]", f'strength = "{strength}"', f"cap = {kind.cap}"]
    return "\n".join(lines) + "\n"


def _quoted(value: Any) -> str:
    """A string or a list of strings, as TOML and YAML both read it."""
    return json.dumps(value, ensure_ascii=False)


def service_day(rules: list[Rule]) -> str | None:
    """When days of service begin, as settings say it; ``None`` where no rule asks."""
    minutes = {rule.window[1] // 60_000_000 for rule in rules if rule.window[0] == "service-day"}
    assert len(minutes) <= 1, "one clock for all rules of a world"
    return None if not minutes else "{:02}:{:02}".format(*divmod(minutes.pop(), 60))


def anywhere(rules: list[Rule]) -> bool:
    """Whether settings say on which ground days are looked at that touch no incident."""
    return any(rule.condition[0] == "unusual-day" and rule.condition[5] for rule in rules)


def rule_text(rule: Rule) -> str:
    """The rule as a YAML document."""
    lines = [f"rule: {rule.id}", "title: A rule of a test", f"status: {rule.status}", "severity: low"]
    lines += ["why: To compare two ways to find the same.", "innocent: [nothing is known]"]
    lines.append("basis: {purpose: public-safety, law: a test rests on none}")
    lines.append(f"events: {rule.events[0] if len(rule.events) == 1 else json.dumps(rule.events)}")
    if rule.where is not None:
        lines.append(f"where: {_quoted(spelled(rule.where))}")
    lines.append(f"by: {rule.by}")
    if rule.window[0] == "sliding":
        lines.append(f"within: {duration(rule.window[1])}")
    else:
        lines.append(f"per: {rule.window[0]}")
    told_by_clock = rule.window[0] != "sliding" or rule.condition[0] == "presence"
    if told_by_clock or uses_clock(rule.where) or uses_clock(rule.unless):
        lines.append(f"zone: {rule.zone}")
    if rule.components is not None:
        lines.append(f"components: {json.dumps(rule.components)}")
    lines.append(_condition(rule))
    if rule.unless is not None:
        lines.append(f"unless: {_quoted(spelled(rule.unless))}")
    return "\n".join(lines) + "\n"


def _condition(rule: Rule) -> str:
    kind = rule.condition[0]
    if kind == "combination":
        _, at_least, of = rule.condition
        items = [name if minimum is None else f"{{{name}: {{quantity: {minimum}}}}}" for name, minimum in of.items()]
        return f"combination: {{at_least: {at_least}, of: [{', '.join(items)}]}}"
    if kind == "velocity":
        _, at_least, distinct = rule.condition
        return f"velocity: {{at_least: {at_least}{'' if distinct is None else f', distinct: {distinct}'}}}"
    if kind == "threshold":
        _, summand, limit, inclusive, named = rule.condition
        text = f"sum: {summand}, {'at_least' if inclusive else 'more_than'}: {limit}"
        if named is not None:
            text += f", {'currency' if summand == 'amount_minor' else 'unit'}: {named}"
        return f"threshold: {{{text}}}"
    if kind == "ratio":
        _, of, to, more_than, at_least = rule.condition
        return f"ratio: {{of: {of}, to: {to}, more_than: {more_than}, at_least: {at_least}}}"
    if kind == "presence":
        _, at_least, margin, usual, where = rule.condition
        share = "" if usual is None else f", usual: {usual}"
        share += "" if where == "both" else f", at: {where}"
        return f"presence: {{at_least: {at_least}, of: incidents, margin: {duration(margin)}{share}}}"
    if kind == "unusual-day":
        _, at_least, features, beyond, own, _ = rule.condition
        share = "" if own is None else f", own: {own}"
        return f"unusual-day: {{at_least: {at_least}, of: [{', '.join(features)}], beyond: {beyond}{share}}}"
    _, steps, gap = rule.condition
    return f"sequence: {{steps: [{', '.join(steps)}]{'' if gap is None else f', gap: {duration(gap)}'}}}"


def duration(us: int) -> str:
    """Microseconds in the largest unit that they are a whole number of."""
    for unit, name in _UNITS.items():
        if us % unit == 0:
            return f"{us // unit} {name}"
    raise ValueError(us)


def _write_table(path: Path, header: list[str], rows: list[Any]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def _write_master(path: Path, master: LinkFile) -> None:
    columns = [master.account, *master.links.values()]
    _write_table(path, columns, [[row.get(column) for column in columns] for row in master.rows])


# --- rows -------------------------------------------------------------------------------------------------------


def columns_of(source: Source) -> list[str]:
    """The user's columns of a source, each once, after one that nobody maps."""
    mapped = [*source.columns.values(), *source.links.values(), *source.attributes.values()]
    flat = [column for columns in mapped for column in (columns if isinstance(columns, list) else [columns])]
    return ["unmapped", *dict.fromkeys(flat)]


def _csv(source: Source, form: Form, rows: list[Row | Bad]) -> tuple[bytes, list[int]]:
    columns = columns_of(source)
    lines = [_csv_line([*columns], form)]
    positions = []
    for row in rows:
        if form.blank_lines and len(lines) % 3 == 0:
            lines.append(b"")
        lines.append(row.line if isinstance(row, Bad) else _csv_line([row.get(c) for c in columns], form))
        positions.append(len(lines))
    return _text(lines, form), positions


def _csv_line(cells: list[Cell], form: Form) -> bytes:
    written = []
    for cell in cells:
        if isinstance(cell, bytes):
            written.append(cell)
            continue
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=form.delimiter, lineterminator="").writerow([cell or "", "end"])
        written.append(buffer.getvalue().removesuffix("end")[:-1].encode())
    return form.delimiter.encode().join(written)


def _ndjson(source: Source, form: Form, rows: list[Row | Bad]) -> tuple[bytes, list[int]]:
    columns = columns_of(source)
    numeric = _numeric(source) if form.own_numbers else set()
    lines: list[bytes] = []
    positions = []
    seen = False
    for row in rows:
        if form.blank_lines and len(lines) % 3 == 1:
            lines.append(b"")
        if isinstance(row, Bad):
            lines.append(row.line)
        else:
            # The first record shows every column; later ones may leave out what is missing.
            cells = {c: row.get(c) for c in columns if not seen or row.get(c) is not None or len(c) % 2}
            seen = True
            lines.append(_json_line(cells, numeric))
        positions.append(len(lines))
    return _text(lines, form), positions


def _json_line(cells: dict[str, Cell], numeric: set[str]) -> bytes:
    members = []
    for column, cell in cells.items():
        if isinstance(cell, bytes):
            value = b'"' + cell + b'"'
        elif column in numeric and cell is not None and _is_json_number(cell):
            value = cell.encode()
        else:
            value = _quoted(cell).encode()
        members.append(_quoted(column).encode() + b": " + value)
    return b"{" + b", ".join(members) + b"}"


def _is_json_number(text: str) -> bool:
    try:
        return text not in ("NaN", "Infinity", "-Infinity") and isinstance(json.loads(text), int | float)
    except ValueError:
        return False


def _text(lines: list[bytes], form: Form) -> bytes:
    newline = form.newline.encode()
    content = newline.join(lines) + (newline if form.last_newline and lines else b"")
    return (b"\xef\xbb\xbf" if form.mark else b"") + content


def _parquet(source: Source, form: Form, rows: list[Row | Bad]) -> bytes:
    numeric = _numeric(source) if form.own_numbers else set()
    arrays = {}
    for column in columns_of(source):
        cells = [row.get(column) for row in rows if isinstance(row, dict)]
        arrays[column] = _decimals(cells) if column in numeric else None
        if arrays[column] is None:
            arrays[column] = pa.array(cells, pa.string())
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink)
    return sink.getvalue()


def _decimals(cells: list[Cell]) -> Any:
    """The cells as decimals, if every one of them is a number that fits."""
    values: list[Any] = []
    for cell in cells:
        if cell is None:
            values.append(None)
            continue
        try:
            value = number(str(cell), most_decimals=9, most_digits=18)
        except Unreadable:
            return None
        values.append(_decimal(value))
    return pa.array(values, pa.decimal128(38, 9))


def _decimal(value: Fraction) -> Any:
    return Decimal(int(value * 10**9)).scaleb(-9)


def _numeric(source: Source) -> set[str]:
    return {str(c) for f, c in source.columns.items() if FIELDS[f] in ("number",)}


def _possible(source: Source, cuts: list[int]) -> list[int]:
    """NDJSON has no header, so each of its files must hold a record that shows the columns."""
    if source.format != "ndjson":
        return cuts
    kept: list[int] = []
    for cut in cuts:
        before, after = source.rows[kept[-1] if kept else 0 : cut], source.rows[cut:]
        if all(any(isinstance(row, dict) for row in rows) for rows in (before, after)):
            kept.append(cut)
    return kept
