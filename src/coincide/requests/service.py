"""What people do with requests: the only place that changes their state.

Each function reads the same way: check, load, change by a pure method of the noun, append to the ledger in the same
transaction. An answer that four eyes forbid is entered too, as refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from coincide.ledger.book import Book
from coincide.requests import register
from coincide.requests.errors import (
    Everywhere,
    NamesSomebody,
    NoSpan,
    NoSuchRequest,
    SameLogin,
    SamePerson,
    SpanAhead,
    SpanUnclear,
    TextUnfit,
    TooWide,
)
from coincide.requests.request import DAY_US, Act, Answer, Asked, Asker, Request, Span, iso
from coincide.settings.model import Requests
from coincide.store.rename import PSEUDONYM

HOUR_US = 3_600_000_000
LONGEST = 2_000
"""Characters of a text: a reason is a few sentences, and a case file is elsewhere."""
_ANYWHERE = frozenset(("all", "any", "anywhere", "every", "everywhere", "everything"))


def asked(
    *,
    asker: Asker,
    reference: str,
    offence: str,
    law: str,
    places: Sequence[str] = (),
    lines: Sequence[str] = (),
    spans: Sequence[Span],
    note: str = "",
    limits: Requests,
    at_us: int,
    stops: Collection[str] = (),
    routes: Collection[str] = (),
) -> Asked:
    """What may be asked, in its one spelling: sorted, nothing twice. ``stops``, ``routes``: all places and lines of the
    network, where it is known.

    Raises ``TextUnfit``, ``NamesSomebody``, ``Everywhere``, ``NoSpan``, ``SpanUnclear``, ``SpanAhead``, ``TooWide``.
    """
    made = Asked(
        asker,
        _text("reference", reference),
        _text("offence", offence),
        _text("legal basis", law),
        tuple(sorted({_one(place, "place") for place in places})),
        tuple(sorted({_one(line, "line") for line in lines})),
        tuple(sorted(set(spans))),
        _text("note", note) if note.strip() else "",
    )
    # Necessity and proportionality: Regulation (EU) 2016/679, Art. 5(1)(c), 6(1)(f); Directive (EU) 2016/680, Art.
    # 4(1)(c), 8(1) (unchecked). What is named one by one, and bounded, can be weighed by whoever confirms it.
    if not made.places and not made.lines:
        raise Everywhere(None)
    if not made.spans:
        raise NoSpan
    for span in made.spans:
        if span.begins_us >= span.ends_us:
            raise SpanUnclear(f"{iso(span.begins_us)}/{iso(span.ends_us)}", "does not end after it begins")
        if span.ends_us > at_us:
            raise SpanAhead(iso(span.ends_us))
    if len(made.places) + len(made.lines) > limits.most_places:
        what = f"{len(made.places) + len(made.lines)} places and lines"
        raise TooWide(what, str(limits.most_places), "most_places")
    for named, every, noun in ((made.places, stops, "stops"), (made.lines, routes, "lines")):
        # Most of a network, named one by one, is everywhere all the same.
        there = len(frozenset(every).intersection(named))
        if 2 * there > len(every):
            raise TooWide(f"{there} of the {len(every)} {noun} of the network", "half of them")
    if made.length_us > limits.most_hours * HOUR_US:
        what = f"{-(-made.length_us // HOUR_US):,} hours"
        raise TooWide(what, f"{limits.most_hours:,}", "most_hours")
    return made


def propose(book: Book, what: Asked, *, by: str, days: int, at_us: int, keep: bool = True) -> Request:
    """Records a request; until a second person confirms it, it is ground for nothing. Raises ``TextUnfit``."""
    by = _text("name of who makes it", by)
    with book.database.writing(keep=keep) as connection:
        proposed = Act(by, book.staff.id, at_us)
        made = Request(register.next_id(connection), what, proposed, at_us + days * DAY_US)
        register.add(connection, made)
        book.enter(connection, "request:propose", made.name, basis=what.law, reason=_said(made))
    if keep:
        book.log()
    return made


def confirm(
    book: Book,
    id_: int,
    *,
    seen: str | None,
    because: str,
    by: str,
    at_us: int,
    limits: Requests,
    keep: bool = True,
) -> Request:
    """A second person's yes, with their reason; ``seen``: the code of the request that they have read.

    Raises ``NoSuchRequest``, ``TextUnfit`` and what ``Request.answered_by`` raises.
    """
    return _answer(book, id_, "confirmed", "request:confirm", seen, because, by, at_us, limits, keep)


def refuse(
    book: Book,
    id_: int,
    *,
    seen: str | None,
    because: str,
    by: str,
    at_us: int,
    limits: Requests,
    keep: bool = True,
) -> Request:
    """A second person's no, for good. Raises what ``confirm`` raises."""
    return _answer(book, id_, "refused", "request:refuse", seen, because, by, at_us, limits, keep)


def end(book: Book, id_: int, *, because: str, by: str, at_us: int, keep: bool = True) -> Request:
    """Ends a request before its time: from now on it is ground for nothing.

    Raises ``NoSuchRequest``, ``TextUnfit``, ``NotEndable``.
    """
    act = Act(_text("name of who ends it", by), book.staff.id, at_us, _text("reason", because))
    return _changed(book, id_, "request:end", act, lambda request: request.ended_by(act), keep)


def show(book: Book, id_: int) -> Request:
    """A request, whole; entered in the ledger before it is shown.

    Raises ``NoSuchRequest`` and what ``Book.reading`` raises.
    """
    with book.database.reading() as connection:
        found = register.find(connection, id_)
    if found is None:
        raise NoSuchRequest(f"Q-{id_}")
    book.reading("request:show", [found.name], basis=found.asked.law)
    return found


def _answer(
    book: Book,
    id_: int,
    answer: Answer,
    act_: str,
    seen: str | None,
    because: str,
    by: str,
    at_us: int,
    limits: Requests,
    keep: bool,
) -> Request:
    act = Act(_text("name of who answers it", by), book.staff.id, at_us, _text("reason", because))
    try:
        return _changed(
            book,
            id_,
            act_,
            act,
            lambda request: request.answered_by(answer, act, seen, shared_login=limits.shared_login),
            keep,
        )
    except (SamePerson, SameLogin) as error:
        if keep:
            with book.database.writing() as connection:
                book.enter(connection, act_, error.name, outcome="refused", reason=f"{error.code}, by {act.by}")
            book.log()
        raise


def _changed(book: Book, id_: int, act_: str, act: Act, change: Callable[[Request], Request], keep: bool) -> Request:
    with book.database.writing(keep=keep) as connection:
        before = register.find(connection, id_)
        if before is None:
            raise NoSuchRequest(f"Q-{id_}")
        after = change(before)
        register.replace(connection, after)
        reason = f"{after.code}, by {act.by}: {act.because}"
        book.enter(connection, act_, after.name, basis=after.asked.law, reason=reason)
    if keep:
        book.log()
    return after


def _said(made: Request) -> str:
    """What the ledger gets of a new request: enough to tell later whether the one that is shown is the same."""
    what = made.asked
    return (
        f"{made.code}, by {made.proposed.by}: {what.asker}, {what.reference}, {what.offence}; places "
        f"{len(what.places)}, lines {len(what.lines)}, spans {len(what.spans)}; until {iso(made.expires_at)}"
    )


def _text(field: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise TextUnfit(field)
    if len(text) > LONGEST:
        raise TextUnfit(field, LONGEST)
    if PSEUDONYM.search(text):
        raise NamesSomebody(field)
    return text


def _one(name: str, field: str) -> str:
    """A single place or line. What the events call nothing by is refused, as it would be read as more than it says."""
    text = name.strip()
    if "*" in text or not text.strip("%?._ ") or text.casefold() in _ANYWHERE:
        raise Everywhere(name)
    return _text(field, text)
