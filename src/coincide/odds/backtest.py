"""A rule tried out on history: what it would have raised, what ordinary behaviour alone gives, what people would read.

The parts each have a file of their own; here they are asked for in order and put into one document, which the screen,
the page and the JSON all show. Everything is read in one pass for the rule, its neighbours and the rules beside it, and
in passes of their own how busy everybody was and what made-up rules are made of. Nothing is kept but counts. DESIGN,
section 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from coincide.alerts.alert import iso
from coincide.alerts.asked import try_out
from coincide.catalog.assortment import Assortment
from coincide.catalog.assortment import load as load_assortment
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.events.event import EARLIEST_US, LATEST_US
from coincide.ledger.book import Book
from coincide.odds import likeness
from coincide.odds.bout import width_of
from coincide.odds.control import controls
from coincide.odds.counts import counts
from coincide.odds.deal import DEALS, deals
from coincide.odds.hand import hand
from coincide.odds.log import Log, everybody, read
from coincide.odds.paragraph import paragraph
from coincide.odds.population import Population
from coincide.odds.shelf import shelf
from coincide.rules.explain import explain
from coincide.rules.load import LoadedRule

ACT = "rule:backtest"
"""What the ledger calls it when examples are shown."""
DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Question:
    """What is asked of a backtest.

    ``first`` and ``last``: the times that are looked at, microseconds, the last one not; all where ``None``.
    ``quick``: by the closed form, without deals and made-up rules. ``capacity``: alerts that people can read a day.
    ``dispositions``: a table of decided alerts in the place of the store. ``examples``: whether alerts are shown.
    """

    first: int | None = None
    last: int | None = None
    deals: int = DEALS
    seed: int = 1
    quick: bool = False
    recall: float = 0.9
    capacity: float | None = None
    dispositions: Path | None = None
    examples: bool = True

    @property
    def between(self) -> tuple[int, int] | None:
        """The ends as a task has them."""
        if self.first is None and self.last is None:
            return None
        ends = (EARLIEST_US if self.first is None else self.first, LATEST_US + 1 if self.last is None else self.last)
        return (ends[0], max(ends))


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

    Its counts are kept under the rule's fingerprint. That examples are shown is entered in the ledger before this
    returns. Raises what reading raises, and what is wrong with the assortment or the table of dispositions.
    """
    assortment = load_assortment(workspace.folder, workspace.settings.assortment)
    _, task = try_out(workspace, book, (loaded.plan.rule,), [loaded], now_us)
    # Decided alerts end episodes of the store; here the rule is asked what it finds by itself.
    log = read(replace(task, cuts={}, between=question.between), progress)
    with connect(workspace.settings) as connection:
        tested = _Tested(loaded, log, question, everybody(log, loaded.plan, connection))
        document = tested.document(assortment, connection)
    document["paragraph"] = paragraph(document)
    return document


class _Tested:
    """A rule with the log that it was decided on."""

    def __init__(self, loaded: LoadedRule, log: Log, question: Question, who: Population) -> None:
        self.loaded, self.log, self.question, self.who = loaded, log, question, who
        self.plan = loaded.plan
        self.decided = log.decided[self.plan.rule]
        self.hand = hand(self.plan, self.decided.rows, self.decided.keep, who, log.around(self.plan))
        self.days = self._days()

    def document(self, assortment: Assortment | None, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        """Everything but the paragraph, which is made of it."""
        found = counts(self.hand, self.decided.episodes, self.days)
        dealt = self._dealt()
        placebos = self._made_up(found.actors, dealt, assortment, connection)
        return {
            "coincide": "backtest/1",
            "rule": self.plan.rule,
            "title": self.loaded.rule.title,
            "sentence": explain(self.plan),
            "status": self.loaded.rule.status,
            "fingerprint": self.plan.fingerprint,
            "log": self._log(),
            "counts": found.document,
            "deals": dealt,
            "placebos": placebos,
        }

    def _days(self) -> float:
        """The length of the log: of what was asked for, else from the first purchase to the last."""
        first, last = self._ends()
        return 0.0 if first is None or last is None else (last - first) / DAY_US

    def _ends(self) -> tuple[int | None, int | None]:
        asked = self.question
        return (
            self.who.first if asked.first is None else asked.first,
            self.who.last if asked.last is None else asked.last,
        )

    def _log(self) -> dict[str, Any]:
        ends = self._ends()
        return {
            "from": None if ends[0] is None else iso(ends[0]),
            "to": None if ends[1] is None else iso(ends[1]),
            "days": self.days,
            "actors": len(self.who),
            "lines": int(self.who.lines.sum()),
            "by": self.plan.by,
            "kind": self.plan.events[0],
        }

    def _dealt(self) -> dict[str, Any]:
        why = likeness.why_not_dealt(self.hand, self.days, width_of(self.plan.window) / DAY_US)
        if why is not None:
            return {"why_not": why}
        found = deals(self.hand, np.random.default_rng(self.question.seed), self.question.deals)
        return likeness.dealt(found, self.hand, self.question.seed)

    def _made_up(
        self,
        observed: int,
        dealt: Mapping[str, Any],
        assortment: Assortment | None,
        connection: duckdb.DuckDBPyConnection,
    ) -> dict[str, Any]:
        if "mean" not in dealt:
            return {"why_not": dealt["why_not"]}
        types = shelf(self.log, self.plan, assortment, connection)
        # A stream of its own: what the deals drew does not change which rules are made up.
        rng = np.random.default_rng([self.question.seed, 1])
        return likeness.made_up(controls(self.log, self.hand, types, connection, rng), observed, dealt["mean"])
