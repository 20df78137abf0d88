"""A rule over rows: the one path from usable rows to episodes, for every engine.

Order the observations, find their windows, let the rule's kernel decide, silence by ``unless``, cut hits into
episodes, collect evidence. Pure: no input or output, no clock; vectorised over all actors.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from coincide.detect.episode import Episode
from coincide.detect.evaluate import Surroundings, aggregate_column, evaluate
from coincide.detect.exact import exact, product
from coincide.detect.kernel import combination, presence, ratio, sequence, threshold, velocity
from coincide.detect.kernel.observations import LISTED, Evidence, Observations, Positions, Truths, collect, spans
from coincide.detect.kernel.window import distinct, group_starts, starts
from coincide.detect.placed import Placed, placed
from coincide.detect.rows import Rows
from coincide.detect.unusual import Unusual
from coincide.events import zone as zones
from coincide.events.event import EventName
from coincide.rules.explain import because
from coincide.rules.expression import Aggregate, walk
from coincide.rules.plan import Combination, Plan, Presence, Ratio, ServiceDay, Sliding, Threshold, UnusualDay, Velocity
from coincide.rules.plan import Sequence as Steps

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Cuts:
    """The last hits of alerts that a person has decided: an episode ends there.

    ``last`` are named with pseudonyms; ``naming`` gives those of accounts (namespace, account).
    """

    last: frozenset[EventName] = frozenset()
    naming: Callable[[Sequence[tuple[str, str]]], list[str]] | None = None


@dataclass(frozen=True)
class Region:
    """The times whose hits are decided: ``first <= t <= last``, microseconds; everything by default."""

    first: int = -(2**62)
    last: int = 2**62


@dataclass(frozen=True)
class Hits:
    """Observations of a rule in the strict order, their rows, and which of them are hits.

    ``code``: of each observation whose it is; without days, the groups of ``seen``. ``named``: the rows that the codes
    of ``seen.value`` stand for, where these are rows. ``unusual``: see ``Placed``.
    """

    plan: Plan
    seen: Observations
    row: Positions
    code: Positions
    hit: Positions
    silenced: Positions
    named: Positions | None = None
    unusual: Unusual | None = None

    def within(self, region: Region) -> Hits:
        """The hits whose time lies inside the region."""
        at, still = self.seen.at[self.hit], self.seen.at[self.silenced]
        stays = (at >= region.first) & (at <= region.last)
        quiet = (still >= region.first) & (still <= region.last)
        return replace(self, hit=self.hit[stays], silenced=self.silenced[quiet])

    def of_actors_in(self, chosen: Truths, code: Positions) -> Hits:
        """The hits of the actors (``code`` of each row) that one of the chosen rows belongs to."""
        wanted = np.unique(code[chosen])
        stays = np.isin(code[self.row[self.hit]], wanted)
        quiet = np.isin(code[self.row[self.silenced]], wanted)
        return replace(self, hit=self.hit[stays], silenced=self.silenced[quiet])


def kept(rows: Rows, usable: Truths) -> Truths:
    """Of the usable rows of one rule, those it keeps: of copies of one event the one that sorts first."""
    event, rank = rows.copies
    copied = np.flatnonzero(usable & (event >= 0))
    if not len(copied):
        return usable
    copied = copied[np.lexsort((rank[copied], event[copied]))]
    dropped = copied[1:][event[copied[1:]] == event[copied[:-1]]]
    keep = usable.copy()
    keep[dropped] = False
    return keep


def hits(plan: Plan, rows: Rows, keep: Truths, around: Surroundings) -> Hits:
    """The rule's kernel over the rows it keeps."""
    return decided(plan, rows, placed(plan, rows, keep, around), around)


def decided(plan: Plan, rows: Rows, placed: Placed, around: Surroundings) -> Hits:
    """The rule's kernel over observations wherever they are placed: of a scan where they are, dealt out elsewhere."""
    place, seen = observations(plan, rows, placed)
    row = placed.row[place]
    match plan.condition:
        case Combination() as condition:
            truth = combination.hits(condition, seen)
        case Velocity() as condition:
            truth = velocity.hits(condition, seen)
        case Threshold() as condition:
            truth = threshold.hits(condition, seen)
        case Steps() as condition:
            truth = sequence.hits(condition, seen)
        case Ratio() as condition:
            truth = ratio.hits(condition, seen)
        case Presence() as condition:
            truth = presence.hits(condition, seen, row)
        case UnusualDay():
            assert placed.unusual is not None
            truth = placed.unusual.at(placed.code[place], seen.at, seen.group)
    found = np.flatnonzero(truth)

    def frame() -> pl.DataFrame:
        return rows.frame[row[found]] if placed.frame is None else placed.frame(place[found])

    silent = _silenced(plan, rows, row, seen, found, frame, around)
    return Hits(plan, seen, row, placed.code[place], found[~silent], found[silent], placed.named, placed.unusual)


def episodes(found: Hits, rows: Rows, cuts: Cuts) -> list[Episode]:
    """Runs of hits, with what proves the first and the last of each; ordered by actor and first hit."""
    hit, plan = found.hit, found.plan
    if not len(hit):
        return []
    first, last, number = runs(found, rows, cuts)
    proof, latest = _evidence(found, hit[first]), _evidence(found, hit[last])
    silenced = _count_silenced(found, number, last)
    names = _Names(rows, found.row)
    texts = _sentences(found, rows, hit[first], proof)
    made = []
    proofs, latests = names.of(proof, len(first)), names.of(latest, len(first))
    counts = (last - first + 1).tolist()
    alone = _of_one_account(rows.account[found.row[proof.position]], proof, len(first))
    heads, tails = names.at(hit[first]), names.at(hit[last])
    actors = by_values(plan, rows, found.row[hit[first]])
    for i, actor in enumerate(actors):
        made.append(
            Episode(
                rule=plan.rule,
                fingerprint=plan.fingerprint,
                actor=actor,
                started_by=heads[i],
                ended_by=tails[i],
                hits=counts[i],
                silenced=silenced[i],
                counted=int(proof.counted[i]),
                one_account=alone[i],
                evidence=proofs[i],
                latest_evidence=latests[i],
                because=texts[i],
            )
        )
    return made


def observations(plan: Plan, rows: Rows, placed: Placed) -> tuple[Positions, Observations]:
    """The observations as a kernel sees them, and the place of each among those given."""
    code, at = placed.code, placed.at
    place = np.arange(len(at), dtype=np.int64)
    carries = placed.carries
    if isinstance(plan.window, Sliding):
        group, start = code, starts(code, at, plan.window.width_us)
    else:
        begins = plan.window.begins_us if isinstance(plan.window, ServiceDay) else 0
        day = (zones.local(at, plan.zone) - begins) // _DAY_US
        # A clock set back over midnight returns to the day before: its rows belong together.
        place = np.lexsort((day, code))
        at, day, code = at[place], day[place], code[place]
        carries = tuple(truth[place] for truth in carries)
        group = np.cumsum(np.r_[False, (day[1:] != day[:-1]) | (code[1:] != code[:-1])]) if len(code) else code
        start = group_starts(group)
    row = placed.row[place]
    value = _value(plan, rows, row) if placed.value is None else placed.value[place]
    return place, Observations(group, at, start, carries, _number(plan, rows, row), value)


def _number(plan: Plan, rows: Rows, row: Positions) -> Any:
    match plan.condition:
        case Threshold(sum="quantity * content"):
            return product(_exact(rows, "quantity", row), _exact(rows, "content", row))
        case Threshold(sum=name):
            return _exact(rows, name, row)
        case Combination(of=of) if any(minimum is not None for _, minimum in of):
            return _exact(rows, "quantity", row)
        case _:
            return None


def _exact(rows: Rows, name: str, row: Positions) -> Any:
    column = (
        rows.frame[name]
        if name in rows.frame.columns
        else pl.Series([None], dtype=pl.Int64).new_from_index(0, len(rows))
    )
    return exact(column[row])


def _value(plan: Plan, rows: Rows, row: Positions) -> Positions | None:
    if not isinstance(plan.condition, Velocity) or plan.condition.distinct is None:
        return None
    return _value_codes(rows, plan.condition.distinct, row)


def _value_codes(rows: Rows, name: str, row: Positions) -> Positions:
    if name not in rows.frame.columns:
        return np.full(len(row), -1, dtype=np.int64)
    if name == "account":
        return rows.account[row]
    return rows.frame[name][row].rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()


def _silenced(
    plan: Plan,
    rows: Rows,
    row: Positions,
    seen: Observations,
    found: Positions,
    frame: Callable[[], pl.DataFrame],
    around: Surroundings,
) -> Truths:
    """Which hits ``unless`` silences: where it is true; unknown silences nothing."""
    if plan.unless is None or not len(found):
        return np.zeros(len(found), dtype=np.bool_)
    measures = dict.fromkeys(node for node in walk(plan.unless) if isinstance(node, Aggregate))
    columns = [
        pl.Series(aggregate_column(node), _measured(node, rows, row, seen, found), dtype=pl.Object) for node in measures
    ]
    return evaluate(plan.unless, frame().with_columns(columns), around).fill_null(False).to_numpy()


def _measured(node: Aggregate, rows: Rows, row: Positions, seen: Observations, found: Positions) -> list[Any]:
    if node.measure == "count":
        return list((found - seen.start[found] + 1).tolist())
    name = node.field or ""
    if node.measure == "distinct":
        return list(distinct(_value_codes(rows, name, row), seen.start, found).tolist())
    number = _exact(rows, name, row)
    running = number.running()
    return [number.decimal(total) for total in (running[found + 1] - running[seen.start[found]]).tolist()]


def runs(found: Hits, rows: Rows, cuts: Cuts) -> tuple[Positions, Positions, Positions]:
    """Of the hits, the first and last of each episode, and the number of the episode of each hit."""
    hit, seen = found.hit, found.seen
    fresh = np.ones(len(hit), dtype=np.bool_)
    fresh[1:] = seen.group[hit[1:]] != seen.group[hit[:-1]]
    if isinstance(found.plan.window, Sliding):
        # Exactly the window apart starts a new episode.
        fresh[1:] |= seen.at[hit[1:]] - seen.at[hit[:-1]] >= found.plan.window.width_us
    if cuts.last:
        fresh[1:] |= _after_cut(found, rows, cuts)[:-1]
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(hit)) - 1
    return first, last, np.cumsum(fresh) - 1


def _after_cut(found: Hits, rows: Rows, cuts: Cuts) -> Truths:
    """Which hits are the last of an alert that a person has decided."""
    cut = np.zeros(len(found.hit), dtype=np.bool_)
    times = np.array(sorted({name.occurred_at for name in cuts.last}), dtype=np.int64)
    candidates = np.flatnonzero(np.isin(found.seen.at[found.hit], times))
    if len(candidates) and cuts.naming is not None:
        at = found.hit[candidates]
        frame = rows.frame.select("namespace", "account")[found.row[at]]
        names = _Names(rows, found.row).at(at)
        pseudonyms = cuts.naming(list(frame.iter_rows()))
        cut[candidates] = [
            name._replace(account=pseudonym) in cuts.last for name, pseudonym in zip(names, pseudonyms, strict=True)
        ]
    return cut


def _of_one_account(account: Positions, proof: Evidence, count: int) -> list[bool]:
    begins = np.searchsorted(proof.owner, np.arange(count))
    return list((np.minimum.reduceat(account, begins) == np.maximum.reduceat(account, begins)).tolist())


def _count_silenced(found: Hits, number: Positions, last: Positions) -> list[int]:
    counts = np.zeros(len(last), dtype=np.int64)
    if len(found.silenced):
        before = np.searchsorted(found.hit, found.silenced) - 1
        after_one = before >= 0
        owner, silent = number[before[after_one]], found.silenced[after_one]
        end = found.hit[last[owner]]
        near = found.seen.group[silent] == found.seen.group[end]
        if isinstance(found.plan.window, Sliding):
            near &= found.seen.at[silent] - found.seen.at[end] < found.plan.window.width_us
        np.add.at(counts, owner[near], 1)
    return counts.tolist()


def _evidence(found: Hits, at_hits: Positions) -> Evidence:
    seen = found.seen
    match found.plan.condition:
        case Combination() as condition:
            return combination.evidence(condition, seen, at_hits)
        case Velocity() as condition:
            return velocity.evidence(condition, seen, at_hits)
        case Threshold() as condition:
            return threshold.evidence(condition, seen, at_hits)
        case Steps() as condition:
            return sequence.evidence(condition, seen, at_hits)
        case Ratio() as condition:
            return ratio.evidence(condition, seen, at_hits)
        case Presence() as condition:
            return presence.evidence(condition, seen, at_hits, found.row)
        case UnusualDay():
            # All taps of the day, up to its last.
            first = seen.start[at_hits]
            return collect([spans(np.maximum(first, at_hits - LISTED + 1), at_hits)], at_hits - first + 1)


def _sentences(found: Hits, rows: Rows, at_hits: Positions, proof: Evidence) -> list[str]:
    plan, seen = found.plan, found.seen
    bounds = np.searchsorted(proof.owner, np.arange(len(at_hits) + 1))
    starts_us = seen.at[proof.position[bounds[:-1]]].tolist()
    ends_us = seen.at[at_hits].tolist()
    match plan.condition:
        case Combination(of=of) as condition:
            covered = combination.covers(condition, seen, at_hits)
            names = [name for name, _ in of]
            table = np.array(covered).T.tolist()
            return [
                because(
                    plan,
                    components=[n for n, there in zip(names, row, strict=True) if there],
                    first_us=a,
                    last_us=b,
                )
                for row, a, b in zip(table, starts_us, ends_us, strict=True)
            ]
        case Threshold() if seen.number is not None:
            totals = threshold.sums(seen)[at_hits].tolist()
            return [
                because(plan, total=seen.number.decimal(total), first_us=a, last_us=b)
                for total, a, b in zip(totals, starts_us, ends_us, strict=True)
            ]
        case Velocity():
            return [
                because(plan, count=count, first_us=a, last_us=b)
                for count, a, b in zip(proof.counted.tolist(), starts_us, ends_us, strict=True)
            ]
        case Ratio():
            # The counts are of the whole window: what is only counted may be older than the evidence.
            starts_us = seen.at[seen.start[at_hits]].tolist()
            of_counts, to_counts = (counts[at_hits].tolist() for counts in ratio.counts(seen))
            return [
                because(plan, count=count, beside=beside, first_us=a, last_us=b)
                for count, beside, a, b in zip(of_counts, to_counts, starts_us, ends_us, strict=True)
            ]
        case Presence():
            return [
                because(plan, components=names, count=len(names), first_us=a, last_us=b)
                for names, a, b in zip(_incidents_of(found, rows, at_hits), starts_us, ends_us, strict=True)
            ]
        case UnusualDay():
            assert found.unusual is not None
            words = found.unusual.words(found.code[at_hits], seen.at[at_hits])
            return [
                because(plan, components=said, first_us=a, last_us=b)
                for said, a, b in zip(words, starts_us, ends_us, strict=True)
            ]
        case _:
            return [because(plan, first_us=a, last_us=b) for a, b in zip(starts_us, ends_us, strict=True)]


def _incidents_of(found: Hits, rows: Rows, at_hits: Positions) -> list[list[str]]:
    """The ids of all incidents of the window of each hit, in the order in which they happened."""
    assert found.seen.value is not None
    assert found.named is not None
    ids = rows.frame["event_id"][found.named].to_list()
    windows = zip(found.seen.start[at_hits].tolist(), at_hits.tolist(), strict=True)
    return [[ids[one] for one in np.unique(found.seen.value[low : high + 1]).tolist()] for low, high in windows]


def by_values(plan: Plan, rows: Rows, row: Positions) -> list[tuple[str, str]]:
    """Whose observations these rows are: ``(namespace, account)``, or ``("", value)`` where ``by`` is a field."""
    match plan.by:
        case "actor":
            names = ("actor_namespace", "actor_account")
        case "account":
            names = ("namespace", "account")
        case _:
            return [("", value) for value in rows.frame[plan.by][row].to_list()]
    frame = rows.frame.select(names)[row]
    return list(zip(frame[names[0]].to_list(), frame[names[1]].to_list(), strict=True))


class _Names:
    """The names of events by position among the observations."""

    def __init__(self, rows: Rows, row: Positions) -> None:
        self._frame = rows.frame.select("occurred_at", "source", "event_id", "account")
        self._row = row

    def at(self, positions: Positions) -> list[EventName]:
        picked = self._frame[self._row[positions]]
        return list(map(EventName._make, picked.iter_rows()))

    def of(self, evidence: Evidence, count: int) -> list[tuple[EventName, ...]]:
        names = self.at(evidence.position)
        bounds = np.searchsorted(evidence.owner, np.arange(count + 1)).tolist()
        return [tuple(names[low:high]) for low, high in itertools.pairwise(bounds)]
