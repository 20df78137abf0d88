"""Why a rule raised no alert for somebody: the files are read again, the rule runs once more, all is told.

The account is named by its pseudonym or as given; shown are pseudonyms alone. Nothing is kept. DESIGN: "Rules".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from coincide.alerts import kinship, miss, register, service, subject
from coincide.alerts.alert import iso
from coincide.alerts.errors import UnknownAccount
from coincide.alerts.granted import granted
from coincide.alerts.keep import basis_of
from coincide.alerts.lapsed import lapsed
from coincide.alerts.pseudonyms import Pseudonyms, value_of
from coincide.alerts.reread import Party, Progress, Reread, opened, reread
from coincide.alerts.rotation import ring_for
from coincide.alerts.service import Suppression
from coincide.alerts.subject import FIELD_NAMESPACE
from coincide.detect.evaluate import evaluate
from coincide.detect.fit import NEVER, reasons
from coincide.detect.nearest import Nearest, nearest
from coincide.engines.workspace import Workspace
from coincide.entities.key import KeyRing
from coincide.ledger.book import Book
from coincide.requests.register import in_force
from coincide.rules.expression import And
from coincide.rules.plan import Plan
from coincide.rules.words import words


@dataclass(frozen=True)
class Ends:
    """How the rows of the account ended for this rule; the counts are disjoint but for ``conditions``.

    ``passed_over``: not selected by ``where``; ``conditions``: of these, for how many each condition of it is not
    true. ``quarantined``: by reason. ``not_observed``: in another unit or currency, or without the value that the
    rule looks by.
    """

    read: int
    other_kind: int
    other_component: int
    passed_over: int
    conditions: Mapping[str, int]
    quarantined: Mapping[str, int]
    not_observed: int
    duplicates: int
    observations: int


@dataclass(frozen=True)
class WhyNot:
    """All there is to say. ``hits`` and ``silenced`` are times in microseconds, ``accounts`` pseudonyms."""

    plan: Plan
    actor: str
    accounts: tuple[str, ...]
    ends: Ends
    hits: tuple[int, ...]
    silenced: tuple[int, ...]
    suppressions: tuple[Suppression, ...]
    alerts: tuple[tuple[str, str], ...]
    near: Nearest | None


def why_not(
    workspace: Workspace, book: Book, rule: str, given: str, progress: Progress = lambda _: None, *, now_us: int
) -> WhyNot:
    """Reads the files again for one account and one rule of any status but retired; entered in the ledger.

    Raises ``UnknownRule``, ``RetiredRule``, ``NamespaceMissing``, ``UnknownAccount`` and what ``Book.reading`` raises.
    """
    loaded = workspace.chosen((rule,))
    plan = loaded[0].plan
    with book.database.reading() as connection:
        ring = ring_for(workspace.key_file, connection)
        party = _party(workspace, connection, ring, plan, given)
        parties = _together(workspace, connection, ring, plan, party)
        # Of presence nothing is told that a request does not cover, not even that there was none.
        covered = granted(in_force(connection, now_us)) if plan.beside_incidents else None
        read = reread(workspace, plan, parties, progress, covered=covered, now_us=now_us)
        if not read.mine.any():
            raise UnknownAccount(plan.by)
        made = Pseudonyms(ring.current)
        actor = made.by_values([min(parties)], plan.by)[0]
        names = {actor, *made.by_values(parties, plan.by)}
        hidden = rule in lapsed(connection, now_us)
        stored = register.load(connection, rule, actors=names)
        alerts = [one for one in stored if one.finding.actor in names and not (hidden and one.status == "open")]
        suppressed = [one for one in service.suppressions(connection, rule) if one.actor in names]
    about = subject.given([value_of(party, plan.by)], ring)
    book.reading("rule:why-not", [rule], basis=basis_of(loaded), about=about)
    return WhyNot(
        plan=plan,
        actor=actor,
        accounts=tuple(sorted(made.by_values(parties, plan.by))),
        ends=_ends(plan, read),
        hits=tuple(read.found.seen.at[read.found.hit].tolist()),
        silenced=tuple(read.found.seen.at[read.found.silenced].tolist()),
        suppressions=tuple(suppressed),
        alerts=tuple((one.name, one.status) for one in alerts),
        near=nearest(read.found),
    )


# --- who ----------------------------------------------------------------------------------------------------------


def _party(workspace: Workspace, connection: Connection, ring: KeyRing, plan: Plan, given: str) -> Party:
    """Who is meant: a stored pseudonym first, then the account or value as given."""
    subject.must_be_text(given)
    known = opened(connection, ring, [given]).get(given)
    if known is not None:
        namespace, value = known
        if plan.by in ("actor", "account") and not namespace.startswith(FIELD_NAMESPACE):
            return known
        if namespace == f"{FIELD_NAMESPACE}{plan.by}":
            return "", value
        raise UnknownAccount(plan.by)
    if plan.by not in ("actor", "account"):
        return "", given
    return subject.account_of(given, sorted(workspace.settings.namespaces))


def _together(workspace: Workspace, connection: Connection, ring: KeyRing, plan: Plan, party: Party) -> list[Party]:
    """The accounts of the actor of this one, as a scan would link them now."""
    if plan.by != "actor":
        return [party]
    actors = kinship.linked(workspace, connection, ring)
    namespace, account = party
    mine = actors.members.filter(namespace=namespace, account=account)
    if mine.is_empty():
        return [party]
    group = actors.members.join(mine, on=["actor_namespace", "actor_account"], how="semi")
    return sorted(group.select("namespace", "account").iter_rows())


# --- what became of the rows --------------------------------------------------------------------------------------


def _ends(plan: Plan, read: Reread) -> Ends:
    rows, fitting, mine = read.rows, read.fitting, read.mine
    of_kind = rows.frame["kind"].is_in(plan.events).fill_null(False).to_numpy()
    of_kind = of_kind & mine
    tagged = of_kind if plan.tagged is None else of_kind & rows.carries(plan.tagged)
    refused = (fitting.reason != NEVER) & mine
    left = tagged & ~fitting.usable & ~refused
    passed_over = np.zeros(len(rows), dtype=np.bool_)
    conditions: dict[str, int] = {}
    if plan.where is not None:
        true = evaluate(plan.where, rows.frame, read.around).fill_null(False).to_numpy()
        passed_over = left & ~true
        chosen = rows.frame[np.flatnonzero(passed_over)]
        for part in plan.where.operands if isinstance(plan.where, And) else (plan.where,):
            false = int((~evaluate(part, chosen, read.around).fill_null(False)).sum())
            if false:
                conditions[words(part)] = false
    texts = reasons(rows)
    return Ends(
        read=int(mine.sum()),
        other_kind=int((mine & ~of_kind).sum()),
        other_component=int((of_kind & ~tagged).sum()),
        passed_over=int(passed_over.sum()),
        conditions=conditions,
        quarantined=dict(sorted(Counter(texts[one] for one in fitting.reason[refused].tolist()).items())),
        not_observed=int((left & ~passed_over).sum()),
        duplicates=int((fitting.usable & ~read.keep & mine).sum()),
        observations=int((read.keep & mine).sum()),
    )


# --- what is said -------------------------------------------------------------------------------------------------


def document(told: WhyNot) -> dict[str, Any]:
    """As JSON; names are pseudonyms."""
    return {
        "rule": told.plan.rule,
        "by": told.plan.by,
        "actor": told.actor,
        "accounts": list(told.accounts),
        "rows": asdict(told.ends),
        "hits": [iso(at) for at in told.hits],
        "silenced": [iso(at) for at in told.silenced],
        "suppressions": [
            {"actor": one.actor, "until": iso(one.until), "because": one.because, "by": one.by}
            for one in told.suppressions
        ],
        "alerts": [{"id": name, "status": status} for name, status in told.alerts],
        "nearest": None if told.near is None else miss.document(told.near),
        "text": lines(told),
    }


def lines(told: WhyNot) -> list[str]:
    """As a person reads it on a terminal."""
    whose = told.actor + (f" ({len(told.accounts)} accounts)" if len(told.accounts) > 1 else "")
    result = [f"{told.plan.rule} for {whose}: {_verdict(told)}"]
    if told.near is not None and not told.hits:
        first, *rest = miss.lines(told.plan, told.near)
        result += ["", f"Nearest: {first}", *(f"  {line}" for line in rest)]
    if told.silenced and told.plan.unless is not None:
        reason = f"where {words(told.plan.unless)}"
        result += ["", f"Silenced by `unless` ({reason}): {_times(told.silenced)}"]
    for one in told.suppressions:
        result += ["", f"Suppressed until {iso(one.until)} by {one.by}: {one.because}"]
    return [*result, "", *_rows(told.ends)]


def _verdict(told: WhyNot) -> str:
    if told.alerts:
        return "there is an alert, " + ", ".join(f"{name} ({status})" for name, status in told.alerts)
    if told.hits:
        return f"{_many(len(told.hits), 'hit')} ({_times(told.hits)}) and no alert: {_unraised(told)}"
    if told.silenced:
        return "no alert: every hit is silenced by `unless`"
    return "no alert" if told.near is not None else "no alert: no row of it is an observation of this rule"


def _unraised(told: WhyNot) -> str:
    if told.plan.status == "draft":
        return "a draft raises none"
    if told.suppressions:
        return "it is suppressed"
    return "the next scan raises it"


def _rows(ends: Ends) -> list[str]:
    result = [f"Rows read: {ends.read:,}"]
    passed = (
        ("of another kind", ends.other_kind),
        ("of no component of the rule", ends.other_component),
        ("passed over by `where`", ends.passed_over),
    )
    result += [f"  {count:,} {text}" for text, count in passed if count]
    result += [f"    {count:,} where it is not true that {text}" for text, count in ends.conditions.items()]
    result += [f"  {count:,} in quarantine: {reason}" for reason, count in ends.quarantined.items()]
    others = (
        ("in another unit or currency, or without the value that the rule looks by", ends.not_observed),
        ("duplicates", ends.duplicates),
    )
    result += [f"  {count:,} {text}" for text, count in others if count]
    return [*result, f"  {_many(ends.observations, 'observation')}"]


def _times(times: Sequence[int], most: int = 5) -> str:
    shown = ", ".join(iso(at) for at in times[:most])
    return shown if len(times) <= most else f"{shown} and {len(times) - most:,} more"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
