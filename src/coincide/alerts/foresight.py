"""What the next scan will do, told before it does it: the stages of the scan, with what each would change.

Edits are told from what the last scan was made with. What becomes of alerts is not computed in another way, but tried:
everything is read and decided as the scan would, and the transaction is taken back. So it costs what the scan costs;
without alerts nothing is read. The digest is of all that the outcome hangs on: rules, catalog, lists, settings, files,
key, the scan before and what people did since. Rows of PostgreSQL tables have no mark that could be part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, assert_never

from sqlalchemy import Connection

from coincide.alerts import pace, register
from coincide.alerts.alert import iso
from coincide.alerts.asked import Asked, ask
from coincide.alerts.keep import basis_of, foretell
from coincide.alerts.listing import numbers
from coincide.alerts.outcome import Outcome
from coincide.alerts.pace import Estimate, estimate
from coincide.alerts.reconcile import Transition
from coincide.alerts.stages import Compare, Read, Reconcile, Stage, carried_out, stages
from coincide.alerts.survey import digest
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.events.file import FileStamp
from coincide.ledger.book import Book
from coincide.store import commit
from coincide.store import file as files
from coincide.store import scan as scans
from coincide.store.file import FileState

ACT = "rule:plan"
"""What the ledger calls it when alerts are shown."""
EXAMPLES = 3
"""Alerts that are shown of each change of each rule; the JSON has all of them."""
_WORDS = ("status", "severity", "title")
_TABLE = "postgres:"


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """What became of a rule since the last scan; ``edited``: the words that are others, of one that means the same."""

    rule: str
    kind: Literal["new", "meaning", "words", "gone"]
    old: str | None
    new: str | None
    edited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InputEdit:
    """Something else that gives rows their meaning and is another version now.

    ``names``: the components or lists that differ, as far as the last scan kept what they were; ``rules``: those that
    look for them.
    """

    name: str
    old: str | None
    new: str
    names: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edits:
    """All that was edited since ``since``, the number of the last scan; ``None``: there was none."""

    since: int | None
    rules: tuple[RuleEdit, ...]
    inputs: tuple[InputEdit, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read: ``whole`` is everything, anew, for all rules. Numbers of files; rows from the fewest to the most.

    ``causes``: why, as the histories of alerts will say it. ``uncounted``: of some files the number of rows is not
    known before they are read.
    """

    whole: bool
    new: int
    changed: int
    gone: int
    unchanged: int
    fewest: int
    most: int
    uncounted: bool
    takes: Estimate | None
    causes: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether no file is read or taken out."""
        return not (self.whole or self.new or self.changed or self.gone)


_NOTHING = Reading(False, 0, 0, 0, 0, 0, 0, False, None)


@dataclass(frozen=True, slots=True)
class Foresight:
    """A plan: its ``digest``, and what each stage would do. ``outcome`` is ``None`` where that was not tried."""

    digest: str
    edits: Edits
    reading: Reading
    relabels: bool
    outcome: Outcome | None
    entities_before: int | None

    @property
    def empty(self) -> bool:
        """Whether the scan would do nothing."""
        return self.reading.nothing and not self.relabels


def foresee(
    workspace: Workspace, book: Book, *, now_us: int, alerts: bool = True, progress: Progress = lambda _: None
) -> Foresight:
    """What a scan of all rules that run would do now. Nothing is kept.

    ``alerts``: what becomes of them is found out too, and entered in the ledger before this returns. Raises what
    ``scan`` raises, and with ``alerts`` what ``Book.reading`` raises.
    """
    with commit.scanning(book.database, workspace.state, iso(now_us)):
        asked, task = ask(workspace, book, (), workspace.chosen(), now_us)
        listed = stages(asked, task)
        with book.database.reading() as connection:
            told = _told(listed, digest_of(asked), connection)
        if alerts:
            told = replace(told, outcome=carried_out(listed, foretell, progress))
    if told.outcome is not None and told.outcome.changes:
        book.reading(ACT, _objects(told.outcome.changes), basis=basis_of(told.outcome.rules))
    return told


def digest_of(asked: Asked) -> str:
    """A hash of everything that decides what a scan would do."""
    with asked.book.database.reading() as connection:
        last = register.latest_change(connection)
    looked = {
        name: [stamp for stamp in found if not stamp.path.startswith(_TABLE)]
        for name, found in asked.found.stamps.items()
    }
    latest = None if asked.latest is None else (asked.latest.id, asked.latest.scope)
    return digest((asked.scope.name, asked.words, asked.ring.current.id, latest, last, sorted(looked.items())))


# --- the stages, told ---------------------------------------------------------------------------------------------


def _told(listed: Iterable[Stage], digest: str, connection: Connection) -> Foresight:
    """The stages walked as the run walks them, with what each would do in the place of doing it."""
    edits, reading, relabels, entities = Edits(None, (), ()), _NOTHING, False, None
    for stage in listed:
        match stage:
            case Compare(asked):
                edits, entities = _edits(asked), _kept(asked, "entities", None)
            case Read(asked, task):
                reading = (
                    _reading(asked, connection) if task is not None else replace(_NOTHING, unchanged=_there(asked))
                )
            case Reconcile(_, words):
                relabels = words
            case other:
                assert_never(other)
    return Foresight(digest, edits, reading, relabels, None, entities)


def _kept(asked: Asked, name: str, otherwise: Any) -> Any:
    """What the last scan kept of what it was made with."""
    return otherwise if asked.latest is None else asked.latest.versions.get(name, otherwise)


def _edits(asked: Asked) -> Edits:
    if asked.latest is None:
        new = tuple(RuleEdit(one.plan.rule, "new", None, one.plan.fingerprint) for one in asked.chosen)
        return Edits(None, new, ())
    return Edits(asked.latest.id, tuple(_rule_edits(asked)), tuple(_input_edits(asked)))


def _rule_edits(asked: Asked) -> list[RuleEdit]:
    before: Mapping[str, str] = _kept(asked, "rules", {})
    words: Mapping[str, Sequence[str]] = _kept(asked, "words", {})
    now = {loaded.plan.rule: loaded.plan.fingerprint for loaded in asked.chosen}
    found = []
    for rule in sorted(before.keys() | now.keys()):
        old, new = before.get(rule), now.get(rule)
        if old != new:
            kind: Literal["new", "meaning", "gone"] = "new" if old is None else "gone" if new is None else "meaning"
            found.append(RuleEdit(rule, kind, old, new))
        elif list(words.get(rule, ())) != asked.words[rule]:
            both = zip(_WORDS, words.get(rule, ()), asked.words[rule], strict=False)
            edited = tuple(name for name, first, second in both if first != second)
            found.append(RuleEdit(rule, "words", old, new, edited))
    return found


def _input_edits(asked: Asked) -> list[InputEdit]:
    workspace, scope = asked.workspace, asked.scope
    plans = [loaded.plan for loaded in asked.chosen]
    components = _differing(_kept(asked, "components", None), workspace.catalog.versions)
    lists = _differing(_kept(asked, "each_list", None), {name: one.version for name, one in workspace.lists.items()})
    every = tuple(plan.rule for plan in plans)
    parts: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
        ("catalog", components, tuple(plan.rule for plan in plans if set(plan.tagged or ()) & set(components))),
        ("lists", lists, tuple(plan.rule for plan in plans if plan.lists & set(lists))),
        ("mapping", (), every),
        ("separations", (), tuple(plan.rule for plan in plans if plan.by == "actor")),
        ("suppressions", (), ()),
    )
    # Of the catalog a scope has the parts that its rules name; told is the whole.
    now = {**scope.versions, "catalog": workspace.catalog.version}
    before = {name: _kept(asked, "catalog_version" if name == "catalog" else name, None) for name, _, _ in parts}
    found = [
        InputEdit(name, before[name], str(now[name]), names, rules)
        for name, names, rules in parts
        if before[name] != now[name]
    ]
    key = _kept(asked, "key", None)
    if key is not None and key != asked.ring.current.id:
        found.append(InputEdit("pseudonym key", key, asked.ring.current.id))
    return found


def _differing(before: Mapping[str, str] | None, now: Mapping[str, str]) -> tuple[str, ...]:
    """The names whose versions differ; none where it was not kept what they were."""
    if before is None:
        return ()
    return tuple(name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name))


def _there(asked: Asked) -> int:
    return sum(map(len, asked.found.stamps.values()))


def _reading(asked: Asked, connection: Connection) -> Reading:
    found, whole = asked.found, asked.before is None
    states = {} if asked.latest is None else files.load(connection, asked.latest.scope)
    fewest = most = 0
    uncounted = False
    for name, reader in asked.workspace.readers.items():
        for stamp in found.stamps[name]:
            state = states.get((name, stamp.path))
            known = state is not None and (state.size == stamp.size or stamp.path.startswith(_TABLE))
            rows = state.read if state is not None and known else reader.expected_in(stamp)
            uncounted |= not known and not rows
            most += rows
            fewest += rows if whole or stamp in found.fresh[name] else 0
    stamps = {(name, stamp.path): stamp for name, here in found.stamps.items() for stamp in here}
    new = stamps.keys() - states.keys()
    changed = [key for key in stamps.keys() & states.keys() if not _alike(stamps[key], states[key])]
    return Reading(
        whole=whole,
        new=len(new),
        changed=len(changed),
        gone=len(states.keys() - stamps.keys()),
        unchanged=len(stamps) - len(new) - len(changed),
        fewest=fewest,
        most=most,
        uncounted=uncounted,
        takes=estimate(fewest, most, scans.paces(connection, pace.SCANS)),
        causes=tuple(asked.causes),
    )


def _alike(stamp: FileStamp, state: FileState) -> bool:
    """Whether a file looks as it did when the last scan read it, whatever that scan took its rows for."""
    same = (stamp.size, stamp.mtime_ns) == (state.size, state.mtime_ns)
    return same and (state.racy or stamp.digest == state.digest)


def _objects(changes: Iterable[Transition]) -> list[str]:
    """What the ledger is told: the alerts that there are, and the rules whose new ones are shown."""
    there = {change.after.id for change in changes if change.before is not None}
    new = {change.after.facts.rule for change in changes if change.before is None}
    return [*numbers(there), *(f"new of {rule}" for rule in sorted(new))]


# --- the plan as it is shown --------------------------------------------------------------------------------------


def document(plan: Foresight) -> dict[str, Any]:
    """The plan as JSON. ``alerts`` is null where that was not tried; an alert that opens has no number yet."""
    reading = {name: value for name, value in asdict(plan.reading).items() if name not in ("takes", "fewest", "most")}
    reading["causes"] = list(plan.reading.causes)
    takes = plan.reading.takes
    outcome = plan.outcome
    return {
        "plan": plan.digest,
        "empty": plan.empty,
        "since": None if plan.edits.since is None else f"S-{plan.edits.since}",
        "rules": [{**asdict(one), "edited": list(one.edited)} for one in plan.edits.rules],
        "inputs": [{**asdict(one), "names": list(one.names), "rules": list(one.rules)} for one in plan.edits.inputs],
        "reading": {
            **reading,
            "rows": [plan.reading.fewest, plan.reading.most],
            "seconds": None if takes is None else [round(takes.shortest, 3), round(takes.longest, 3)],
            "measured_scans": 0 if takes is None else takes.scans,
        },
        "relabels": plan.relabels,
        "entities": None if outcome is None else [plan.entities_before, outcome.entities],
        "alerts": None if outcome is None else [changed(change) for change in outcome.changes],
    }


def changed(change: Transition) -> dict[str, Any]:
    """What becomes of one alert, as JSON."""
    finding = change.after.finding
    return {
        "alert": None if change.before is None else change.after.name,
        "rule": change.after.facts.rule,
        "change": change.change,
        "actor": finding.actor,
        "first_at": iso(finding.started_by.occurred_at),
        "last_at": iso(finding.ended_by.occurred_at),
        "because": finding.because,
        "reason": change.reason,
    }


def lines(plan: Foresight) -> list[str]:
    """The plan as a person reads it: stage by stage, those with nothing to do too."""
    since = "there was no scan before" if plan.edits.since is None else f"since scan S-{plan.edits.since}"
    result = [f"Plan {plan.digest}", "", f"Edited, {since}"]
    edits = [*map(_rule_line, plan.edits.rules), *map(_input_line, plan.edits.inputs)]
    result += [f"  {line}" for line in edits or ["nothing"]]
    result += ["", "Read", *(f"  {line}" for line in _reading_lines(plan.reading))]
    result += ["", "Alerts", *(f"  {line}" for line in _alert_lines(plan))]
    return result


def _rule_line(one: RuleEdit) -> str:
    match one.kind:
        case "new":
            return f"rule {one.rule}: new ({one.new})"
        case "gone":
            return f"rule {one.rule}: no longer run; its open alerts are withdrawn"
        case "meaning":
            return f"rule {one.rule}: changed in meaning ({one.old} -> {one.new})"
        case _:
            return f"rule {one.rule}: in other words ({', '.join(one.edited)})"


def _input_line(one: InputEdit) -> str:
    match one.name:
        case "catalog":
            what, noun = "catalog version", "components"
        case "lists":
            what, noun = "lists", "lists"
        case "mapping":
            what, noun = "mapping of the sources", ""
        case other:
            what, noun = other, ""
    text = f"{what} {one.old} -> {one.new}"
    if one.names:
        text += f": {noun} {', '.join(one.names)}"
    if noun:
        return f"{text}; {f'touches {_rules(one.rules)}' if one.rules else 'touches no rule that can be told'}"
    return text


def _rules(names: Sequence[str]) -> str:
    return f"rule {names[0]}" if len(names) == 1 else f"rules {', '.join(names)}"


def _reading_lines(reading: Reading) -> list[str]:
    if reading.nothing:
        return ["nothing: every file is as it was"]
    if reading.whole:
        count = reading.new + reading.changed + reading.unchanged
        why = " and ".join(reading.causes) or "what people said of actors changed"
        result = [f"everything, {_files(count)}, and evaluate all rules: {why}"]
    else:
        parts = [(reading.new, "new"), (reading.changed, "changed"), (reading.gone, "gone")]
        result = [", ".join(f"{_files(number)} {word}" for number, word in parts if number)]
        result.append(f"and of the {_files(reading.unchanged)} that are as they were, those whose times these touch")
    fewest, most = f"{reading.fewest:,}", f"{reading.most:,}"
    result.append(f"about {most if fewest == most else f'{fewest} to {most}'} rows")
    if reading.uncounted:
        result.append("and those of files whose rows are not known before they are read")
    takes = reading.takes
    if takes is None:
        result.append("how long that takes is not known: no scan that read rows was timed yet")
    else:
        scans = "1 scan" if takes.scans == 1 else f"{takes.scans} scans"
        rates = sorted({f"{takes.slowest:,.0f}", f"{takes.fastest:,.0f}"}, key=lambda text: (len(text), text))
        result.append(
            f"{pace.spoken(takes.shortest, takes.longest)}, by {scans} before: {' to '.join(rates)} rows a second"
        )
    return result


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"


def _alert_lines(plan: Foresight) -> list[str]:
    if plan.outcome is None:
        return ["not tried: that means to read what is to be read"]
    result = summary(plan.outcome.changes, EXAMPLES)
    before, after = plan.entities_before, plan.outcome.entities
    if after is not None and before != after:
        result.append(f"entity version {'none' if before is None else before} -> {after}")
    return result


def summary(changes: Sequence[Transition], examples: int = 0) -> list[str]:
    """What becomes of the alerts of each rule, in numbers, with so many examples of each change."""
    by_rule: dict[str, list[Transition]] = {}
    for change in changes:
        by_rule.setdefault(change.after.facts.rule, []).append(change)
    result = []
    for rule, found in sorted(by_rule.items()):
        counted = Counter(change.change for change in found)
        result.append(f"{rule}: {', '.join(f'{number:,} {kind}' for kind, number in sorted(counted.items()))}")
        shown: Counter[str] = Counter()
        for change in found:
            shown[change.change] += 1
            if shown[change.change] <= examples:
                result.append(f"  {_alert_line(change)}")
    return result or ["none changes"]


def _alert_line(change: Transition) -> str:
    finding = change.after.finding
    name = "new" if change.before is None else change.after.name
    first = iso(finding.started_by.occurred_at)
    return f"{change.change:<10}  {name:<6}  {finding.actor}  {first}  {finding.because} ({change.reason})"
