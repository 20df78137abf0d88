"""The reference page of obligations, made from model and data: ``page()`` is ``docs/reference/obligations.md``."""

from __future__ import annotations

from pydantic import BaseModel

from coincide.obligations.load import Loaded, load
from coincide.obligations.obligation import Blank, Checked, Deadline, Ground, Items, Notice, Obligation, Rules
from coincide.obligations.substance import COLUMNS, substances

_HEAD = """\
# Obligations

<!-- Made by coincide.obligations.reference from the model and the data; do not edit. -->

An obligation is a duty to report, or the liberty to, as data: which article, where it can be read, who has compared our
summary with it, who reports to whom, on which grounds, until when, and whether the person may be told. A
[draft](../how-to/draft-a-report.md) is made under one of them.

**This is no advice on law.** The summaries are from memory, in words of our own; `unchecked` says that nobody has
compared them with the law, and every draft says so too. Have somebody who knows the law compare them, and write it
down: put the file into the folder `obligations` of your workspace, under the same id, with
`checked: {on: 2026-01-31, by: NAME}`. It then replaces ours.

`coincide obligations` lists what there is; `coincide obligations ID` tells one in full. Files of your own are
`obligations/*.yaml` of the workspace (`obligations` in `coincide.toml`), one document an obligation. They are YAML
without anchors, aliases and tags; what is unknown, missing or of another form is refused where it stands.

"""

_RULES = """\
## What rules have to do with it

A rule's `basis` may name an `obligation` and the `ground` (a letter, or several) that its alerts show. Grounds that no
data can show cannot be named. Without these keys `law` is read: `Regulation (EU) 2019/1148, Article 9(1)(c)` names the
obligation and the ground. An alert is drafted under what its rule names, else under `voluntary`; `--obligation` says
another.

**Article 18 of Regulation (EU) 2022/2065 is no basis for a rule**, in whatever words it is cited (COI-R045): recital 56
gives no legal basis for profiling people (unchecked). A person can still draft a report under it, from an alert of a
rule that rests on something else.

"""

_PARTS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("checked", Checked),
    ("grounds", Ground),
    ("items", Items),
    ("fields", Blank),
    ("deadline", Deadline),
    ("notice", Notice),
    ("rules", Rules),
)


def page() -> str:
    """The whole page."""
    known = load()
    parts = [_HEAD, "## Those that Coincide brings\n\n"]
    parts += [_told(loaded) for loaded in known.values()]
    parts += [_RULES, "## Keys\n\n", _table(Obligation)]
    parts += [f"### {key}\n\n{_table(model)}" for key, model in _PARTS]
    return "".join(parts).rstrip() + "\n"


def _told(loaded: Loaded) -> str:
    one = loaded.obligation
    checked = f"on {one.checked.on} by {one.checked.by}" if isinstance(one.checked, Checked) else "**unchecked**"
    rows = [
        ("Article", one.place),
        ("Source", f"<{one.source.split()[0]}> {' '.join(one.source.split()[1:])}"),
        ("Checked", checked),
        ("Who reports", one.who),
        ("To whom", one.to),
        ("What", one.what),
        ("Deadline", one.deadline.words),
        ("May the person be told", f"{one.notice.rule}: {one.notice.words}"),
        ("Rules", f"{one.rules.may}: {one.rules.because}"),
        ("Left to a person", "; ".join(blank.asks for blank in one.fields)),
    ]
    lines = [f"### {one.obligation}\n", f"{one.title}.\n", "| | |", "|---|---|"]
    lines += [f"| {name} | {_cell(said)} |" for name, said in rows]
    lines += ["", "| ground | where | in short | the data |", "|---|---|---|---|"]
    lines += [
        f"| {ground.letter} | {ground.article} | {_cell(ground.says)} | "
        f"{'not shown by the data' if ground.shown_by is None else _cell(ground.shown_by)} |"
        for ground in one.grounds
    ]
    return "\n".join(lines) + "\n\n" + _goods(loaded)


def _goods(loaded: Loaded) -> str:
    goods = substances(loaded)
    if goods is None or loaded.obligation.items is None:
        return ""
    lines = [
        f"Only about the goods of `{loaded.obligation.items.file}` ({loaded.obligation.items.because}), by their names "
        f"alone. The catalog of a workspace says which of its articles is which `component`; columns: "
        f"{', '.join(f'`{column}`' for column in COLUMNS)}.\n",
        "| component | name | annex | checked |",
        "|---|---|---|---|",
        *(f"| `{one.component}` | {one.name} | {one.annex} | {one.checked} |" for one in goods.values()),
    ]
    return "\n".join(lines) + "\n\n"


def _table(model: type[BaseModel]) -> str:
    rows = ["| key | needed | holds |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        rows.append(f"| `{name}` | {'yes' if field.is_required() else 'no'} | {_cell(field.description or '')} |")
    return "\n".join(rows) + "\n\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
