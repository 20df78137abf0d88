"""A recorded request: who asks who was present, where and when, on which law; and what people said to it.

A frozen value. What is asked never changes; a second person confirms or refuses it (four eyes), any one person ends it,
and a clock lets it expire. Changes are pure methods; ``service`` keeps them. It names places and times and nobody:
no account, no pseudonym.

Why at all: whoever was where something happened is mostly nobody who did it. A purpose that is explicit, and no more
data than it needs, is what Regulation (EU) 2016/679, Art. 5(1)(b), (c) and 6 (for a firm's own security 6(1)(f)), and
for authorities Directive (EU) 2016/680, Art. 4(1)(b), (c) and 8, ask for (all unchecked).
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from coincide.requests.errors import NotConfirmable, NotEndable, NotSeen, SameLogin, SamePerson

Asker = Literal["authority", "own-security"]
"""``authority``: one that may ask by law; ``own-security``: the operator's own security office."""
Answer = Literal["confirmed", "refused"]
State = Literal["proposed", "confirmed", "refused", "ended", "expired"]
ASKERS: tuple[Asker, ...] = get_args(Asker)

DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Span(NamedTuple):
    """Microseconds since 1970 in UTC; both ends are in it."""

    begins_us: int
    ends_us: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. ``places`` are stops and ``lines`` lines, as the events name them; sorted, as ``spans`` are."""

    asker: Asker
    reference: str
    offence: str
    law: str
    places: tuple[str, ...]
    lines: tuple[str, ...]
    spans: tuple[Span, ...]
    note: str = ""

    @property
    def length_us(self) -> int:
        """How much time the spans cover together; what two of them cover counts once."""
        length, reached = 0, None
        for begins, ends in sorted(self.spans):
            if reached is None or ends > reached:
                length += ends - (begins if reached is None else max(begins, reached))
                reached = ends
        return length


@dataclass(frozen=True, slots=True)
class Act:
    """Who did something, under which login, when (microseconds, UTC), and why."""

    by: str
    login: str
    at: int
    because: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """``expires_at``: from then on it is no ground for anything, confirmed or not."""

    id: int
    asked: Asked
    proposed: Act
    expires_at: int
    answer: Answer | None = None
    answered: Act | None = None
    ended: Act | None = None

    @property
    def name(self) -> str:
        """The number, as people write it."""
        return f"Q-{self.id}"

    @property
    def code(self) -> str:
        """Eight digits that stand for all that the request says: whoever confirms it gives them, having read it."""
        asked = self.asked
        said = [asked.asker, asked.reference, asked.offence, asked.law, asked.places, asked.lines, asked.spans]
        content = [self.name, *said, asked.note, self.proposed.by, self.expires_at]
        return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()[:8]

    def state(self, at_us: int) -> State:
        """What holds at a time. What was ended or refused stays so, whatever a clock says."""
        if self.ended is not None:
            return "ended"
        if self.answer == "refused":
            return "refused"
        if at_us >= self.expires_at:
            return "expired"
        if self.answered is None or at_us < self.answered.at:
            return "proposed"
        return "confirmed"

    def in_force(self, at_us: int) -> bool:
        """Whether it is ground to show who was present, at a time."""
        return self.state(at_us) == "confirmed"

    def covers(self, place: str | None, line: str | None, begins_us: int, ends_us: int) -> bool:
        """Whether an incident is one that was asked about: its place or its line is named, and one span holds all of
        its time. Whether the request is in force is another question.
        """
        named = place in self.asked.places or line in self.asked.lines
        return named and any(span.begins_us <= begins_us <= ends_us <= span.ends_us for span in self.asked.spans)

    def answered_by(self, answer: Answer, act: Act, seen: str | None, *, shared_login: bool) -> Request:
        """Confirmed or refused by a second person, who has read it.

        Raises ``NotConfirmable``, ``SamePerson``, ``SameLogin``, ``NotSeen``.
        """
        state = self.state(act.at)
        if self.answer is not None or state != "proposed":
            raise NotConfirmable(self.name, state)
        if _folded(act.by) == _folded(self.proposed.by):
            raise SamePerson(self.name, self.proposed.by)
        if act.login == self.proposed.login and not shared_login:
            raise SameLogin(self.name, act.login)
        if seen is None or seen.strip().lower() != self.code:
            raise NotSeen(self.name, seen)
        return replace(self, answer=answer, answered=act)

    def ended_by(self, act: Act) -> Request:
        """Ended before its time. One person alone may: it takes away, and gives nobody anything.

        Raises ``NotEndable``.
        """
        state = self.state(act.at)
        if state not in ("proposed", "confirmed"):
            raise NotEndable(self.name, state)
        return replace(self, ended=act)


def covered(
    requests: Sequence[Request],
    place: Iterable[str | None],
    line: Iterable[str | None],
    begins_us: NDArray[np.int64],
    ends_us: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Of incidents, column by column: whether one request covers it (``Request.covers``). Nothing is pieced together
    from two of them.
    """
    import polars as pl

    found = np.zeros(len(begins_us), dtype=np.bool_)
    places, lines = (pl.Series(list(values), dtype=pl.String) for values in (place, line))
    for asked in (request.asked for request in requests):
        named = places.is_in(asked.places).fill_null(False) | lines.is_in(asked.lines).fill_null(False)
        inside = np.zeros(len(found), dtype=np.bool_)
        for begins, ends in asked.spans:
            inside |= (begins <= begins_us) & (ends_us <= ends)
        found |= named.to_numpy() & inside & (begins_us <= ends_us)
    return found


def iso(at_us: int) -> str:
    """A time as it is shown: ``2025-03-01T10:00:00Z``, microseconds only where there are any."""
    return (_EPOCH + timedelta(microseconds=at_us)).isoformat().replace("+00:00", "Z")


def _folded(name: str) -> str:
    """A name as it is compared: how it is written makes nobody a second person."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
