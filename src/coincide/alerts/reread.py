"""The files read again for one party of one rule: all rows of its accounts, whatever becomes of them.

Nothing is kept. For ``why_not`` and for the full timeline of an alert; a scan reads in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from sqlalchemy import Connection
from sqlglot import exp

from coincide.detect.detect import Hits, hits, kept
from coincide.detect.evaluate import Covered, Surroundings
from coincide.detect.fit import Fit, fit
from coincide.detect.kernel.observations import Truths
from coincide.detect.rows import Rows
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.load import Feed, Only, load
from coincide.engines.embedded.run import Task, prepared
from coincide.engines.workspace import Workspace
from coincide.entities.actors import ACCOUNT
from coincide.entities.key import KeyRing
from coincide.entities.pseudonym import unseal
from coincide.events.canonical import DTYPES
from coincide.events.event import INCIDENT, KINDS
from coincide.events.mapping import type_of
from coincide.rules.plan import Plan, UnusualDay, Velocity
from coincide.settings import Attribute
from coincide.store import pseudonym as pseudonym_store

Party = tuple[str, str]
"""What a rule looks ``by``, as given: namespace and account; for a field ``("", value)``."""
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Reread:
    """The rows of a party, and what the rule makes of them.

    ``rows``: of any kind, with any component; what the rule looks at beside them is none of ``mine``. ``keep``: those
    that are observations, copies left out.
    """

    rows: Rows
    fitting: Fit
    keep: Truths
    found: Hits
    around: Surroundings
    mine: Truths


def reread(
    workspace: Workspace,
    plan: Plan,
    parties: Sequence[Party],
    progress: Progress = lambda _: None,
    *,
    covered: Covered | None = None,
    now_us: int | None = None,
) -> Reread:
    """The rows of these accounts (of this value, where the rule looks by a field); they count as one actor.

    With them incidents, where the rule is about them; ``covered``, ``now_us``: see ``Surroundings``.
    """
    feeds = [
        Feed(name, workspace.settings.sources[name], reader, tuple(reader.files()))
        for name, reader in workspace.readers.items()
    ]
    task = _task(workspace, [_everything(plan)], feeds)
    with connect(workspace.settings) as connection:
        loaded = load(
            feeds,
            task.plans,
            workspace.catalog,
            None,
            connection,
            workspace.settings.attributes,
            progress,
            whole=False,
            only=_only(plan, parties),
        )
    rows = prepared(_with_columns(loaded.frame, plan, workspace.settings.attributes), task, None)
    if plan.by == "actor" and parties:
        namespace, account = min(parties)
        one = rows.frame.with_columns(actor_namespace=pl.lit(namespace), actor_account=pl.lit(account))
        rows = Rows(one, rows.tagsets)
    around = Surroundings(plan.zone, workspace.lists, covered, workspace.network_for([plan]), now_us)
    fitting = fit(plan, rows, around)
    keep = kept(rows, fitting.usable)
    found, mine = hits(plan, rows, keep, around), np.ones(len(rows), dtype=np.bool_)
    if plan.beside_incidents:
        whose = pl.struct("namespace", "account").is_in([dict(zip(ACCOUNT, one, strict=True)) for one in parties])
        mine = rows.frame.select(whose.fill_null(False) & (pl.col("kind") != INCIDENT)).to_series().to_numpy()
        found = found.of_actors_in(mine, rows.account)
    return Reread(rows, fitting, keep, found, around, mine)


def opened(connection: Connection, ring: KeyRing, names: Sequence[str]) -> dict[str, Party]:
    """The accounts behind pseudonyms that the store keeps: namespace and account as given."""
    return {
        row.pseudonym: (row.namespace, unseal(row.sealed, ring.by_id(row.key_id), pseudonym=row.pseudonym))
        for row in pseudonym_store.load(connection, names)
    }


def _everything(plan: Plan) -> Plan:
    """A plan that selects every row, so that rows that the rule passes over can be counted."""
    return replace(
        plan, events=tuple(KINDS), where=None, unless=None, components=None, condition=Velocity(1), by="account"
    )


def _with_columns(frame: pl.DataFrame, plan: Plan, attributes: Mapping[str, Attribute]) -> pl.DataFrame:
    """Every column that the rule reads; what no source maps is missing everywhere."""
    missing = sorted(plan.reads - set(frame.columns))
    return frame.with_columns(pl.lit(None, dtype=DTYPES[type_of(name, attributes)]).alias(name) for name in missing)


def _task(workspace: Workspace, plans: Sequence[Plan], feeds: Sequence[Feed]) -> Task:
    return Task(plans, feeds, workspace.catalog, workspace.lists, workspace.settings)


def _only(plan: Plan, parties: Sequence[Party]) -> Only:
    def condition(feed: Feed, mapped: Mapping[str, exp.Expr]) -> exp.Expr:
        if isinstance(plan.condition, UnusualDay):
            # A day is compared with the days of all.
            return exp.true()
        own = _owned(plan, parties, feed, mapped)
        if not plan.beside_incidents:
            return own
        # Reported incidents are nobody's: they may be a source of their own, or rows among others of one.
        kind = feed.source.kind
        if kind is not None:
            return exp.true() if kind == INCIDENT else own
        return exp.or_(own, mapped["kind"].copy().eq(exp.Literal.string(INCIDENT)))

    return condition


def _owned(plan: Plan, parties: Sequence[Party], feed: Feed, mapped: Mapping[str, exp.Expr]) -> exp.Expr:
    """Which rows are of these accounts, or have this value."""
    if plan.by in ("actor", "account"):
        name, values = "account", [account for namespace, account in parties if namespace == feed.namespace]
    else:
        name, values = plan.by, [value for _, value in parties]
    if name not in mapped or not values:
        return exp.false()
    return mapped[name].copy().isin(*(exp.Literal.string(value) for value in values))
