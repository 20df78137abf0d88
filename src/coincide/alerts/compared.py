"""What two wordings of rules find in the same files: which alerts appear, vanish or change, with examples.

Both run in one pass over everything there is, as drafts are tried out: nothing is kept. What pairs the findings is
``reconcile``, which would pair them if they were stored. Suppressions and decisions, which are about stored alerts,
play no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from coincide.alerts.alert import Alert, Facts, Finding, iso
from coincide.alerts.asked import try_out
from coincide.alerts.keep import basis_of, show
from coincide.alerts.reconcile import Cause, Transition, reconcile
from coincide.catalog import managed_list
from coincide.detect.evaluate import ManagedList
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.run import run
from coincide.engines.workspace import Workspace
from coincide.ledger.book import Book
from coincide.rules.difference import Difference
from coincide.rules.load import LoadedRule

EXAMPLES = 3
"""Of each sort."""
ACT = "rule:diff"
"""What the ledger calls it when examples are shown."""
_OLD, _NEW = "old:", "new:"
"""In front of a rule's id, which has no colon, where both of its wordings run."""

Sort = Literal["appear", "vanish", "change"]
SORTS: tuple[Sort, ...] = ("appear", "vanish", "change")


@dataclass(frozen=True, slots=True)
class Example:
    """One alert that would appear, vanish or change: the actor is a pseudonym. ``how``: what changes, in words."""

    finding: Finding
    how: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the two wordings of one rule find: ``before`` and ``after`` are numbers of alerts.

    ``sorts``: the alerts that appear, vanish and change, each by first hit; ``unknown``: what the rule names and the
    workspace does not have now, as sentences.
    """

    rule: str
    before: int
    after: int
    sorts: Mapping[Sort, tuple[Example, ...]]
    unknown: tuple[str, ...] = ()

    @property
    def same(self) -> int:
        """Alerts that are as they were."""
        return self.before - len(self.sorts["vanish"]) - len(self.sorts["change"])


def compared(
    workspace: Workspace,
    book: Book,
    differences: Iterable[Difference],
    *,
    now_us: int,
    progress: Progress = lambda _: None,
) -> dict[str, Comparison]:
    """What changes in what is found, by rule; of rules whose meaning stays nothing changes, and they are left out.

    Retired rules find nothing. That examples are shown is entered in the ledger before this returns. Raises
    ``NoSources`` and what reading raises.
    """
    differing = [one for one in differences if _finds_other(one)]
    wordings = [*_wordings(differing, _OLD), *_wordings(differing, _NEW)]
    if not wordings:
        return {one.rule: _comparison(one, {}, workspace) for one in differing}
    names = tuple(loaded.plan.rule for loaded in wordings)
    asked, task = try_out(workspace, book, names, wordings, now_us)
    strange: dict[str, ManagedList] = {
        name: managed_list.of(name, []) for loaded in wordings for name in loaded.plan.lists
    }
    found = show(asked, run(replace(task, lists=strange | dict(task.lists)), progress)).drafts
    told = {one.rule: _comparison(one, found, workspace) for one in differing}
    shown = [rule for rule, comparison in told.items() if any(comparison.sorts.values())]
    if shown:
        book.reading(ACT, shown, basis=basis_of(wordings))
    return told


def document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON: numbers, and ``EXAMPLES`` of each sort."""
    return {
        "before": comparison.before,
        "after": comparison.after,
        "same": comparison.same,
        **{sort: len(found) for sort, found in comparison.sorts.items()},
        "examples": {
            sort: [{**shown(one.finding), "how": one.how} for one in found[:EXAMPLES]]
            for sort, found in comparison.sorts.items()
        },
        "unknown": list(comparison.unknown),
    }


def lines(comparison: Comparison) -> list[str]:
    """The comparison as a person reads it."""
    numbers = ", ".join(f"{len(comparison.sorts[sort]):,} {sort}" for sort in SORTS)
    result = [
        f"Alerts in the files there are now: {comparison.before:,} before, {comparison.after:,} after: "
        f"{numbers}, {comparison.same:,} stay"
    ]
    for sort in SORTS:
        found = comparison.sorts[sort]
        for one in found[:EXAMPLES]:
            finding = one.finding
            how = f" ({one.how})" if one.how else ""
            result.append(
                f"  {sort:<6}  {finding.actor}  {iso(finding.started_by.occurred_at)}  {finding.because}{how}"
            )
        if len(found) > EXAMPLES:
            result.append(f"  {sort:<6}  and {len(found) - EXAMPLES:,} more")
    return [*result, *(f"  note    {sentence}" for sentence in comparison.unknown)]


def _finds_other(one: Difference) -> bool:
    """Whether the two sides may find different things: another meaning, or one of them finds nothing at all."""
    before, after = _runs(one.old), _runs(one.new)
    return before != after or (before and one.kind == "meaning")


def _runs(loaded: LoadedRule | None) -> bool:
    return loaded is not None and loaded.rule.status != "retired"


def _wordings(differing: Iterable[Difference], side: str) -> list[LoadedRule]:
    found = [one.old if side == _OLD else one.new for one in differing]
    return [
        replace(loaded, plan=replace(loaded.plan, rule=f"{side}{loaded.plan.rule}"))
        for loaded in found
        if loaded is not None and _runs(loaded)
    ]


def _comparison(one: Difference, found: Mapping[str, Sequence[Finding]], workspace: Workspace) -> Comparison:
    before, after = found.get(_OLD + one.rule, ()), found.get(_NEW + one.rule, ())
    sides = [loaded for loaded in (one.old, one.new) if loaded is not None and _runs(loaded)]
    sentences = dict.fromkeys(sentence for loaded in sides for sentence in _unknown(loaded, workspace))
    return Comparison(one.rule, len(before), len(after), _sorted(one.rule, before, after), tuple(sentences))


def _sorted(rule: str, before: Sequence[Finding], after: Sequence[Finding]) -> dict[Sort, tuple[Example, ...]]:
    """The findings that are not the same on both sides. Both are taken for alerts of one meaning, so that they pair."""
    facts = Facts(rule, "", "", "", "", shadow=False, scan=0)
    stored = [Alert(number, facts, _bare(finding)) for number, finding in enumerate(before, 1)]
    told = {_bare(finding): finding for finding in after}
    changes = reconcile(stored, told, facts, [Cause.RULE_CHANGED]).transitions
    sorts: dict[Sort, list[Example]] = {sort: [] for sort in SORTS}
    for change in changes:
        match change.change:
            case "opened":
                sorts["appear"].append(Example(told[change.after.finding]))
            case "withdrawn":
                sorts["vanish"].append(Example(before[change.after.id - 1]))
            case "superseded":
                sorts["vanish"].append(Example(before[change.after.id - 1], "goes on in another one"))
            case _:
                sorts["change"].append(Example(told[change.after.finding], _how(change)))
    return {sort: tuple(sorted(found, key=_place)) for sort, found in sorts.items()}


def _bare(finding: Finding) -> Finding:
    """A finding without its sentence, which another rule says in other words."""
    return replace(finding, because="")


def _how(change: Transition) -> str:
    return change.reason.removesuffix(f": {Cause.RULE_CHANGED}")


def _place(one: Example) -> tuple[Any, ...]:
    return one.finding.span, one.finding.actor


def _unknown(loaded: LoadedRule, workspace: Workspace) -> list[str]:
    """What a rule of another day names that is not there now; it then finds nothing by it."""
    plan = loaded.plan
    components = sorted(set(plan.tagged or ()) - workspace.catalog.components)
    lists = sorted(plan.lists - workspace.lists.keys())
    return [
        *(f"the catalog has no item of the component {name} now" for name in components),
        *(f"there is no list {name} now, so nothing is on it" for name in lists),
    ]


def shown(finding: Finding) -> dict[str, Any]:
    """An alert that is an example, as JSON: the actor is a pseudonym."""
    return {
        "actor": finding.actor,
        "first_at": iso(finding.started_by.occurred_at),
        "last_at": iso(finding.ended_by.occurred_at),
        "hits": finding.hits,
        "because": finding.because,
    }
