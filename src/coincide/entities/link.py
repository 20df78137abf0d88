"""From shared identifiers to actors: DESIGN, "Actors".

An identifier of a strong kind joins the accounts that share it, while they are at most the kind's cap; above,
it is generic and joins nobody. A weak kind never joins. A linked group of more accounts than the limit is
left as single accounts, and so is a group that holds two accounts which a person said are not the same. Kinds
of identifiers are the same kind in whichever source they come.

The work is done on whole numbers; only the accounts of groups are looked at as text again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import polars as pl

from coincide import settings
from coincide.entities import graph
from coincide.entities.actors import ACCOUNT, ACTOR, EDGES, IDENTIFIER, Actors, Links, Separation
from coincide.entities.graph import Codes

_VERDICTS = ("joined", "limit", "separated")
_JOINED, _LIMIT, _SEPARATED = range(3)
_CHUNK = 2_000_000
"""Rows proved at a time, so that the proof takes little memory."""


def link(edges: pl.DataFrame, section: settings.Entities, separations: Iterable[Separation] = ()) -> Actors:
    """The actors of the accounts in ``edges``: String columns namespace, account, kind, identifier.

    Rows may repeat and come in any order; identifiers that one account alone has may be left out. A row in
    which anything is null ties nothing. The result does not depend on the order of the rows.

    An identifier that only the two accounts of a separation share joins nobody. If they hang together
    otherwise (through a third account, or another identifier of more accounts), their whole group is left
    single.
    """
    edges = edges.select(EDGES).drop_nulls()
    # Namespaces and kinds are few: as numbers they are compared and gathered in a fraction of the time.
    spaces, kinds = (edges.get_column(name).unique().sort() for name in ("namespace", "kind"))
    numbered = edges.with_columns(_numbers("namespace", spaces), _numbers("kind", kinds))
    account, rows = coded(numbered.select(ACCOUNT))
    hub, hub_rows = coded(numbered.select(IDENTIFIER))
    hubs = graph.hubs(account, hub, len(hub_rows))
    rules = [section.kind(name) for name in kinds]
    kind = numbered.get_column("kind").to_numpy()[hub_rows]
    caps = np.array([rule.cap for rule in rules], dtype=np.int64)[kind]
    strong = np.array([rule.strength == "strong" for rule in rules], dtype=np.bool_)[kind]
    apart = _apart(edges, rows, separations)
    shared, generic = hubs.degrees >= 2, hubs.degrees > caps
    joining = hubs.only(shared & ~generic & strong & ~graph.exactly(hubs, graph.pairs_of(*apart)))
    weak = hubs.only(shared & ~generic & ~strong)
    label = graph.components(joining, len(rows))
    linked = np.flatnonzero(label >= 0)
    verdict = _verdicts(label, apart, section.group_limit)
    joined = verdict[label[linked]] == _JOINED

    def named(chosen: npt.NDArray[np.int64]) -> pl.DataFrame:
        return _named(numbered.select(ACCOUNT)[rows[chosen]].with_columns(group=label[chosen]), spaces)

    left = named(linked[~joined])
    return Actors(
        members=named(linked[joined]).select(*ACCOUNT, *ACTOR),
        left=_left(left.with_columns(verdict=verdict[left.get_column("group").to_numpy()])),
        generic=edges.select(IDENTIFIER)[hub_rows[generic]]
        .with_columns(accounts=pl.Series(hubs.degrees[generic], dtype=pl.UInt32), cap=pl.Series(caps[generic]))
        .sort(IDENTIFIER),
        links=Links(edges, rows, hub_rows, label, joining, weak),
    )


def coded(
    texts: pl.DataFrame, hashed: Callable[[pl.DataFrame], pl.Series] = pl.DataFrame.hash_rows
) -> tuple[Codes, Codes]:
    """A number for each distinct row, from 0 without gaps, and for each number one row that has it.

    The numbers say nothing of the order of the texts. They stand for a hash of the row; it is then proved
    that no two rows share one, else numbers are given the slow way. On 15 million rows hash, rank and proof
    took 2 s, distinct rows and a join 9 s.
    """
    if texts.is_empty():
        return np.zeros(0, np.uint32), np.zeros(0, np.uint32)
    codes = hashed(texts).rank("dense").cast(pl.UInt32).to_numpy() - np.uint32(1)
    rows = np.zeros(int(codes.max()) + 1, dtype=np.uint32)
    rows[codes] = np.arange(len(codes), dtype=np.uint32)
    # A row that stands for its number needs no proof.
    stands = rows[codes]
    others = np.flatnonzero(stands != np.arange(len(codes), dtype=np.uint32))
    for start in range(0, len(others), _CHUNK):
        chosen = others[start : start + _CHUNK]
        if not texts[chosen].equals(texts[stands[chosen]]):
            return _coded_slowly(texts)
    return codes, rows


def _coded_slowly(texts: pl.DataFrame) -> tuple[Codes, Codes]:
    first = texts.with_row_index("row").group_by(texts.columns).agg(pl.col("row").first())
    table = first.with_row_index("code")
    codes = texts.join(table, on=texts.columns, how="left", maintain_order="left").get_column("code")
    return codes.to_numpy(), table.get_column("row").to_numpy()


def _numbers(name: str, values: pl.Series) -> pl.Expr:
    """A column of few texts as the numbers of its values."""
    return pl.col(name).cast(pl.Enum(values)).to_physical()


def _apart(edges: pl.DataFrame, rows: Codes, separations: Iterable[Separation]) -> tuple[Codes, Codes]:
    """The numbers of the accounts that a person separated; pairs of which one has no edge are left out."""
    pairs = list(separations)
    wanted = {account for pair in pairs for account in (pair.first, pair.second)}
    if not wanted:
        return np.zeros(0, np.uint32), np.zeros(0, np.uint32)
    asked = pl.DataFrame(sorted(wanted), schema=dict.fromkeys(ACCOUNT, pl.String), orient="row")
    found = edges.select(ACCOUNT)[rows].with_row_index("code").join(asked, on=ACCOUNT, how="semi")
    code = {(namespace, account): number for number, namespace, account in found.iter_rows()}
    known = [(code[pair.first], code[pair.second]) for pair in pairs if pair.first in code and pair.second in code]
    both = np.array(known, dtype=np.uint32).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _verdicts(label: npt.NDArray[np.int32], apart: tuple[Codes, Codes], limit: int) -> npt.NDArray[np.uint8]:
    """What becomes of each group, an index of ``_VERDICTS``."""
    sizes = np.bincount(label[label >= 0])
    verdict = np.where(sizes > limit, _LIMIT, _JOINED).astype(np.uint8)
    first, second = label[apart[0]], label[apart[1]]
    verdict[first[(first == second) & (first >= 0)]] = _SEPARATED
    return verdict


def _named(grouped: pl.DataFrame, spaces: pl.Series) -> pl.DataFrame:
    """The accounts of groups with the first account of their group by code point; namespaces come as numbers.

    The numbers of namespaces sort as the namespaces do.
    """
    candidates = grouped
    if len(spaces) > 1:
        lowest = grouped.group_by("group").agg(lowest=pl.col("namespace").min())
        candidates = grouped.join(lowest, on="group").filter(pl.col("namespace") == pl.col("lowest"))
    first = candidates.group_by("group").agg(
        actor_namespace=pl.col("namespace").first(), actor_account=pl.col("account").min()
    )
    named = grouped.join(first, on="group")
    return named.with_columns(spaces.gather(named[name]).alias(name) for name in ("namespace", "actor_namespace"))


def _left(named: pl.DataFrame) -> pl.DataFrame:
    reason = pl.col("verdict").cast(pl.UInt32).replace_strict(dict(enumerate(_VERDICTS)), return_dtype=pl.String)
    accounts = pl.len().over("group").cast(pl.UInt32)
    left = named.select(reason.alias("reason"), *ACTOR, accounts.alias("accounts"), *ACCOUNT)
    return left.sort(*ACTOR, *ACCOUNT)
