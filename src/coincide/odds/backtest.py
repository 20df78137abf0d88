"""A rule tried out on history: what it would have raised, what ordinary behaviour alone gives, what people would read.

The parts each have a file of their own; here they are asked for in order and put into one document, which the screen,
the page and the JSON all show. The log is read once for the rule, its neighbours and the rules beside it; how busy
everybody was, and what made-up rules are made of, in passes of their own. Kept are counts. DESIGN, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from coincide.alerts.alert import iso
from coincide.alerts.asked import Asked, try_out
from coincide.alerts.keep import basis_of
from coincide.catalog import assortment as assortments
from coincide.detect.evaluate import all_of
from coincide.detect.there import is_incident
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.events.event import EARLIEST_US, INCIDENT, LATEST_US
from coincide.ledger.book import Book
from coincide.odds import attendance, base_rate, closed, control, likeness, neighbour, precision
from coincide.odds.bout import width_of
from coincide.odds.calendar import calendar
from coincide.odds.control import controls
from coincide.odds.counts import Counts, counts
from coincide.odds.deal import DEALS, deals
from coincide.odds.example import examples
from coincide.odds.hand import hand
from coincide.odds.interval import shrunk
from coincide.odds.load import Load
from coincide.odds.log import Log, everybody, read
from coincide.odds.neighbour import Neighbour
from coincide.odds.overlap import overlap
from coincide.odds.paragraph import paragraph, short
from coincide.odds.population import Population
from coincide.odds.precision import Precision
from coincide.odds.shelf import Shelf, shelf
from coincide.rules.explain import explain
from coincide.rules.load import LoadedRule
from coincide.rules.plan import Combination, Presence, Sliding, UnusualDay
from coincide.store import odds as stored
from coincide.store.odds import RuleOdds

FORM = "backtest/1"
ACT, SHOWN = "rule:backtest", "rule:examples"
"""What the ledger calls it when counts are kept, and when examples are shown."""
DAY_US = 86_400_000_000
_QUICK = {"why_not": "left out, for a quick answer"}


@dataclass(frozen=True)
class Question:
    """What is asked of a backtest.

    ``first`` and ``last``: the times that are looked at, microseconds, the last one not; all where ``None``.
    ``quick``: by the closed form, without deals, made-up rules and neighbours. ``capacity``: alerts that people can
    read a day. ``dispositions``: a table of decided alerts in the place of the store. ``examples``: whether alerts are
    shown.
    """

    first: int | None = None
    last: int | None = None
    deals: int = DEALS
    seed: int = 1
    quick: bool = False
    recall: float = base_rate.RECALL
    capacity: float | None = None
    dispositions: Path | None = None
    examples: bool = True

    @property
    def between(self) -> tuple[int, int] | None:
        """The ends as a task has them."""
        if self.first is None and self.last is None:
            return None
        return EARLIEST_US if self.first is None else self.first, LATEST_US + 1 if self.last is None else self.last


def backtest(
    workspace: Workspace,
    book: Book,
    loaded: LoadedRule,
    question: Question,
    *,
    now_us: int,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """The document of a rule's backtest (``docs/reference/backtest.md``).

    Its counts are kept by the rule's fingerprint, unless it was a quick one. That examples are shown is entered in the
    ledger before this returns. Raises what reading raises, and what is wrong with the assortment or the table of
    dispositions.
    """
    plan = loaded.plan
    others = [] if question.quick else [one for one in workspace.chosen() if one.plan.rule != plan.rule]
    beside = () if question.quick else neighbour.neighbours(plan)
    # What can be wrong with small files is told before the log is read.
    assortment = assortments.load(workspace.folder, workspace.settings.assortment)
    decisions = _decisions(book, loaded, question)
    wordings = [loaded, *others, *(replace(loaded, plan=one.plan) for one in beside)]
    asked, task = try_out(workspace, book, tuple(one.plan.rule for one in wordings), wordings, now_us)
    # Decided alerts end episodes of the store; here the rule is asked what it finds by itself. Of presence counts are
    # asked, which need no request; who it was is not told below.
    task = replace(task, cuts={}, between=question.between, covered=all_of)
    log = read(task, progress, only=[plan.rule])

    def shelved() -> Shelf:
        with connect(workspace.settings) as own:
            return shelf(log, plan, assortment, own)

    # Who bought which type is counted while the rest is: the database leaves a core free for each.
    with ThreadPoolExecutor(1) as pool, connect(workspace.settings) as connection:
        types = None if question.quick else pool.submit(shelved)
        tested = _Tested(loaded, log, question, everybody(log, plan, connection))
        document = tested.document(types, connection, decisions, [one.plan.rule for one in others], beside)
    document["examples"] = _examples(asked, book, tested, question)
    document["paragraph"], document["short"] = paragraph(document), short(document)
    if not question.quick:
        with book.acting(ACT, plan.rule) as writing:
            stored.save(writing, RuleOdds(plan.fingerprint, plan.rule, now_us, document))
    return document


def _decisions(book: Book, loaded: LoadedRule, question: Question) -> dict[str, Any]:
    """What people decided of the alerts of the rule in this meaning."""
    with book.database.reading() as connection:
        if question.dispositions is None:
            known = precision.of_store(connection)
        else:
            known = precision.of_file(connection, question.dispositions)
    return known.get((loaded.plan.rule, loaded.plan.fingerprint), Precision()).document


def _examples(asked: Asked, book: Book, tested: _Tested, question: Question) -> dict[str, Any]:
    if not question.examples:
        return {"why_not": "no examples were asked for"}
    plan = tested.plan
    if isinstance(plan.condition, Presence):
        return {"why_not": "who was at reported incidents is shown only under a recorded request"}
    found = asked.pseudonyms.findings(list(tested.decided.episodes), plan.by, asked.namespaces)
    chosen = examples(found)
    if chosen.typical or chosen.odd:
        book.reading(SHOWN, [plan.rule], basis=basis_of([tested.loaded]))
    return chosen.document


class _Tested:
    """A rule with the log that it was decided on."""

    def __init__(self, loaded: LoadedRule, log: Log, question: Question, who: Population) -> None:
        self.loaded, self.log, self.question, self.who = loaded, log, question, who
        self.plan = loaded.plan
        self.decided = log.decided[self.plan.rule]
        keep = self.decided.keep
        if self.plan.beside_incidents:
            keep = keep & ~is_incident(self.decided.rows)
        self.hand = hand(self.plan, self.decided.rows, keep, who, log.around(self.plan))
        self.ends = (
            who.first if question.first is None else question.first,
            who.last if question.last is None else question.last,
        )
        self.days = 0.0 if None in self.ends else ((self.ends[1] or 0) - (self.ends[0] or 0)) / DAY_US

    def document(
        self,
        types: Future[Shelf] | None,
        connection: duckdb.DuckDBPyConnection,
        decisions: Mapping[str, Any],
        others: Sequence[str],
        beside: Sequence[Neighbour],
    ) -> dict[str, Any]:
        """Everything but the examples and the paragraph, which is made of it."""
        found = counts(self.hand, self.decided.episodes, self.days)
        dealt = self._dealt()
        placebos = self._made_up(found.actors, dealt, types, connection)
        expected = placebos.get("expected", dealt.get("mean"))
        known = self.log.matched
        shared = overlap(known[self.plan.rule], [known[rule] for rule in others])
        return {
            "coincide": FORM,
            "rule": self.plan.rule,
            "title": self.loaded.rule.title,
            "sentence": explain(self.plan),
            "status": self.loaded.rule.status,
            "fingerprint": self.plan.fingerprint,
            "log": self._log(),
            "counts": found.document,
            "deals": dealt,
            "placebos": placebos,
            **({"quick": self._closed()} if self.question.quick else {}),
            "ratio": _ratio(found, dealt),
            "precision": dict(decisions),
            "base_rates": self._base_rates(found, expected),
            "calendar": self._calendar(),
            "neighbours": neighbour.table(beside, self.log.matched, self.days) if beside else self._no_neighbours(),
            "load": self._load(found, others),
            "overlap": _QUICK if self.question.quick else shared.document,
            "overlap_any": _QUICK if self.question.quick else shared.any.document,
            "parameters": self._parameters(dealt, placebos),
        }

    def _log(self) -> dict[str, Any]:
        first, last = self.ends
        return {
            "from": None if first is None else iso(first),
            "to": None if last is None else iso(last),
            "days": self.days,
            "actors": len(self.who),
            "lines": int(self.who.lines.sum()),
            "by": self.plan.by,
            "kind": next(kind for kind in self.plan.events if not (self.plan.beside_incidents and kind == INCIDENT)),
        }

    def _dealt(self) -> dict[str, Any]:
        if isinstance(self.plan.condition, Presence) and not self.question.quick:
            return self._days_dealt(self.plan.condition)
        if isinstance(self.plan.condition, UnusualDay) and not self.question.quick:
            return {"why_not": "the rule takes ranks, and so many days are above any rank by its meaning"}
        why = likeness.why_not_dealt(self.hand, self.days, width_of(self.plan.window) / DAY_US)
        if self.question.quick or why is not None:
            return _QUICK if self.question.quick else {"why_not": why}
        found = deals(self.hand, np.random.default_rng(self.question.seed), self.question.deals)
        return likeness.dealt(found, self.hand, self.question.seed)

    def _days_dealt(self, condition: Presence) -> dict[str, Any]:
        rng = np.random.default_rng(self.question.seed)
        found = attendance.dealt(self.plan, condition, self.decided.rows, self.decided.keep, rng, self.question.deals)
        if isinstance(found, attendance.TooFew):
            return {"why_not": found.because}
        return attendance.document(found, condition, self.question.seed)

    def _made_up(
        self,
        observed: int,
        dealt: Mapping[str, Any],
        types: Future[Shelf] | None,
        connection: duckdb.DuckDBPyConnection,
    ) -> dict[str, Any]:
        if "mean" not in dealt or types is None:
            return {"why_not": dealt["why_not"]}
        if dealt["estimator"] == attendance.ESTIMATOR:
            return {"why_not": "the days dealt again are made-up incidents already"}
        # A stream of its own: what the deals drew does not change which rules are made up.
        rng = np.random.default_rng([self.question.seed, 1])
        return likeness.made_up(controls(self.log, self.hand, types.result(), connection, rng), observed, dealt["mean"])

    def _closed(self) -> dict[str, Any]:
        """What a formula says: of combinations within a sliding window."""
        condition, window = self.plan.condition, self.plan.window
        if not isinstance(condition, Combination) or not isinstance(window, Sliding):
            return {"why_not": "the formula is for combinations within a sliding window"}
        why = likeness.why_not_dealt(self.hand, self.days, window.width_us / DAY_US)
        if why is not None:
            return {"why_not": why}
        told = closed.closed(
            control.commonness(self.hand),
            closed.busy(self.who.lines),
            span=self.days * DAY_US,
            width=window.width_us,
            at_least=condition.at_least,
            totals=any(minimum is not None for _, minimum in condition.of),
        )
        if isinstance(told, closed.WhyNot):
            return {"why_not": told.why_not}
        return {"expected": told.expected, "bias": told.bias}

    def _base_rates(self, found: Counts, expected: float | None) -> list[dict[str, Any]] | dict[str, Any]:
        """Of the innocent so many match as are expected of harmless rules; where nothing is expected, as did match."""
        if not found.examined:
            return {"why_not": "nobody was there"}
        innocent = min((found.actors if expected is None else expected) / found.examined, 1.0)
        return [one.document for one in base_rate.table(innocent, self.question.recall)]

    def _calendar(self) -> list[dict[str, Any]]:
        if not len(self.who):
            return []
        first, last = self.ends
        at = np.array([one.first_at for one in self.decided.episodes], dtype=np.int64)
        # The end that was asked for is not looked at any more.
        last = (last or 0) - (self.question.last is not None)
        return [week.document for week in calendar(at, first or 0, last, self.plan.zone)]

    def _no_neighbours(self) -> dict[str, Any]:
        return _QUICK if self.question.quick else {"why_not": "no number of the rule can be turned"}

    def _load(self, found: Counts, others: Sequence[str]) -> dict[str, Any]:
        alerts = sum(self.log.matched[rule].alerts for rule in others)
        told = Load(found.alerts, alerts, len(others), self.days, self.question.capacity).document
        # A quick answer does not look at the other rules.
        return told | {"others_per_day": _QUICK, "share": _QUICK} if self.question.quick else told

    def _parameters(self, dealt: Mapping[str, Any], placebos: Mapping[str, Any]) -> dict[str, Any]:
        asked = self.question
        told = {
            "from": None if asked.first is None else iso(asked.first),
            "to": None if asked.last is None else iso(asked.last),
            "deals": dealt.get("deals"),
            "block": dealt.get("block"),
            "placebos": placebos.get("rules"),
            "prevalence_within": control.ALIKE if "rules" in placebos else None,
            "seed": asked.seed,
            "recall": asked.recall,
            "capacity": asked.capacity,
        }
        return {name: value for name, value in told.items() if value is not None}


def _ratio(found: Counts, dealt: Mapping[str, Any]) -> dict[str, Any]:
    if "mean" not in dealt:
        return {"observed": found.actors, "why_not": dealt["why_not"]}
    return shrunk(found.actors, dealt["mean"]).document
