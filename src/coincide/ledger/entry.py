"""An entry of the ledger: who did what to which object, for which purpose, on which basis.

One line of canonical JSON (RFC 8785) with a version. Personal data are never in it: where an act is about one, the
entry holds a commitment, and the datum and its salt lie elsewhere. Erase both, and the ledger still verifies, while
nobody can tell any more what was committed to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from json.encoder import encode_basestring as _quoted
from typing import Any, Literal, get_args

from coincide.ledger.encoding import encoded
from coincide.ledger.errors import MalformedEntry

VERSION = 1
SALT = 32
"""Bytes of a salt: random, and another one for every commitment."""
Outcome = Literal["allowed", "done", "failed", "refused"]
"""``allowed``: what is shown after the entry was made; ``done``: a change in the transaction of the entry."""

_ACT = r"[a-z][a-z-]*(?::[a-z][a-z-]*){1,2}"
_NAME = r"[a-z][a-z0-9-]*"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
_COMMITMENT = r"[A-Za-z0-9+/]{43}="
_TEXTS = ("who", "role", "purpose", "act", "object", "basis", "reason", "outcome")
_OTHERS = frozenset({"v", "time", "commitments"})
_NEEDED = frozenset({"time", "who", "act", "object", "outcome"})
_OUTCOMES = get_args(Outcome)
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONTEXT = b"coincide commitment v1\n"

# RFC 8785, 3.2.2.2: a text, here not an empty one, has one spelling; two-letter escapes go before hexadecimal ones.
_TEXT = r'"(?!")[^"\\\x00-\x1f]*+(?:\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))[^"\\\x00-\x1f]*+)*"'
_NAMES = re.compile(f'"({_NAME})":')
_PAIR = f'"{_NAME}":"{_COMMITMENT}"'
_ANY_OUTCOME = "|".join(_OUTCOMES)
_LOGGED = re.compile(
    rf'\{{"act":"{_ACT}"(?:,"basis":{_TEXT})?(?:,"commitments":\{{(?P<commitments>{_PAIR}(?:,{_PAIR})*)\}})?'
    rf',"object":{_TEXT},"outcome":"(?:{_ANY_OUTCOME})"(?:,"purpose":{_TEXT})?(?:,"reason":{_TEXT})?'
    rf'(?:,"role":{_TEXT})?,"time":"(?P<time>{_TIME})","v":{VERSION},"who":{_TEXT}\}}'
)
"""The whole of a logged entry (RFC 8785, 3.2.3: sorted keys), but for the days of a month and the order of
commitments. ``fields`` means the same, says why something is no entry, and takes several times as long."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``at``: microseconds since 1970 in UTC. ``act``: ``noun:verb`` or ``noun:object:verb``, such as ``alert:show``.

    ``who`` is a staff identifier, ``object`` a reference such as ``A-12``; empty texts are left out.
    ``commitments``: by what they are of, such as ``identifier``.
    """

    at: int
    who: str
    act: str
    object: str
    outcome: Outcome
    role: str = ""
    purpose: str = ""
    basis: str = ""
    reason: str = ""
    commitments: Mapping[str, str] = field(default_factory=dict)

    @property
    def encoded(self) -> bytes:
        """The bytes that are logged. ``ValueError`` where a field is not what it must be: a caller's mistake."""
        text = self._text()
        if _time_in(text) is None:
            raise ValueError(_wrong(json.loads(text)))
        return text.encode()

    def _text(self) -> str:
        """Sorted by keys (RFC 8785, 3.2.3), without what is empty but need not be there."""
        pairs = ",".join([f"{_quoted(name)}:{_quoted(value)}" for name, value in sorted(self.commitments.items())])
        commitments = f',"commitments":{{{pairs}}}' if pairs else ""
        return (
            f'{{"act":{_quoted(self.act)}{_member("basis", self.basis)}{commitments}'
            f',"object":{_quoted(self.object)},"outcome":{_quoted(self.outcome)}{_member("purpose", self.purpose)}'
            f"{_member('reason', self.reason)}{_member('role', self.role)}"
            f',"time":"{written(self.at)}","v":{VERSION},"who":{_quoted(self.who)}}}'
        )


def parsed(content: bytes) -> Entry:
    """The entry of logged bytes. Raises ``MalformedEntry``, also for another text that says the same."""
    plain = fields(content)
    return Entry(
        at=(datetime.fromisoformat(plain["time"]) - _EPOCH) // timedelta(microseconds=1),
        commitments=plain.get("commitments", {}),
        **{name: plain[name] for name in _TEXTS if name in plain},
    )


def time_of(content: bytes) -> str:
    """The time of logged bytes as it is written; times sort as texts. All is checked. Raises ``MalformedEntry``."""
    try:
        time = _time_in(content.decode())
    except UnicodeDecodeError:
        time = None
    return str(fields(content)["time"]) if time is None else time


def fields(content: bytes) -> dict[str, Any]:
    """The fields of logged bytes, checked and as they are written. Raises ``MalformedEntry``."""
    try:
        plain = json.loads(content)
    except (ValueError, RecursionError):  # brackets nested too deep
        raise MalformedEntry("it is no JSON") from None
    if not isinstance(plain, dict) or plain.get("v") != VERSION or type(plain["v"]) is not int:
        raise MalformedEntry(f"it is no entry of version {VERSION}")
    wrong = _wrong(plain)
    if wrong:
        raise MalformedEntry(wrong)
    if _canonical(plain) != content:
        raise MalformedEntry("it is not written as RFC 8785 asks, so that two readers could read it differently")
    return plain


def commitment(datum: str, salt: bytes) -> str:
    """The commitment to a datum: as long as the salt is secret, nobody can test a guess of it."""
    if len(salt) != SALT:
        raise ValueError(f"a salt has {SALT} bytes")
    return encoded(hmac.digest(salt, _CONTEXT + datum.encode(), hashlib.sha256))


def _time_in(text: str) -> str | None:
    """The time of an entry as it is logged, ``None`` if the text is none."""
    found = _LOGGED.fullmatch(text)
    if found is None:
        return None
    time, commitments = found.group("time", "commitments")
    sorted_ = not commitments or (names := _NAMES.findall(commitments)) == sorted(set(names))
    return time if sorted_ and _is_day(time) else None


def _wrong(plain: Mapping[str, Any]) -> str:
    """What is wrong with the fields of an entry."""
    for name, value in plain.items():
        if name in _TEXTS:
            if not isinstance(value, str) or not value:
                return f"`{name}` is no text"
        elif name not in _OTHERS:
            return f"there is no field `{name}`"
    if not plain.keys() >= _NEEDED:
        return f"`{min(_NEEDED - plain.keys())}` is missing"
    if not _is_time(plain["time"]):
        return "`time` is no time in UTC with six decimals"
    if not re.fullmatch(_ACT, plain["act"]):
        return f"`act` is not noun:verb or noun:object:verb, but `{plain['act'][:60]}`"
    if plain["outcome"] not in _OUTCOMES:
        return f"`outcome` is none of {', '.join(_OUTCOMES)}"
    return _wrong_commitments(plain["commitments"]) if "commitments" in plain else ""


def _wrong_commitments(commitments: object) -> str:
    if not isinstance(commitments, dict) or not commitments:
        return "`commitments` is no table"
    for name, value in commitments.items():
        if not re.fullmatch(_NAME, name) or not isinstance(value, str) or not re.fullmatch(_COMMITMENT, value):
            return f"the commitment `{name[:60]}` is none"
    return ""


def _is_time(text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(_TIME, text) is not None and _is_day(text)


def _is_day(time: str) -> bool:
    """Whether a time of the right form is of a day that there is, from 1970 on."""
    try:
        datetime.fromisoformat(time)
    except ValueError:
        return False
    return time >= "1970"


def _canonical(plain: Mapping[str, Any]) -> bytes:
    """RFC 8785, for what an entry can hold: texts, keys of ASCII and the number of the version.

    Of these the standard library writes what the RFC asks, in a tenth of the time; a test compares it with another
    implementation. A text that is none in UTF-8 has no canonical form.
    """
    try:
        return _ENCODER.encode(plain).encode()
    except UnicodeEncodeError:
        return b""


def written(at: int) -> str:
    """Microseconds since 1970 as the time of an entry is written, or nothing that is a time."""
    seconds, rest = divmod(at, 1_000_000)
    return f"{_second(seconds)}.{rest:06}Z"


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    """Kept, because many entries are made in one second."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00")
    except OverflowError:
        return ""  # its year has not four digits


def _member(name: str, text: str) -> str:
    return f',"{name}":{_quoted(text)}' if text else ""
