"""Whom one trusts: logs, witnesses, and how many of them must have cosigned (C2SP ``tlog-policy``).

Section names below are of that specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from coincide.ledger import note
from coincide.ledger.checkpoint import Checkpoint, decimal
from coincide.ledger.errors import MalformedCheckpoint, MalformedKey, MalformedPolicy, NotSigned, QuorumMissed
from coincide.ledger.note import Note, Verifier

NONE = "none"
"""The quorum that asks for no witness."""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and groups, of which ``least`` must have witnessed."""

    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """``logs``: any of which may have signed; ``witnesses`` and ``groups`` by name; ``quorum``: a name or ``none``.

    ``urls``: where a log (by its key's name) or a witness (by name) can be reached, if that was said.
    """

    logs: tuple[Verifier, ...]
    witnesses: Mapping[str, Verifier] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE
    urls: Mapping[str, str] = field(default_factory=dict)

    def check(self, content: Note) -> tuple[Checkpoint, list[str]]:
        """The checkpoint that a note holds, and the witnesses that cosigned it, if it is what the policy asks for.

        Raises ``MalformedCheckpoint``, ``FalseSignature``, ``NotSigned`` and ``QuorumMissed``.
        """
        checkpoint = Checkpoint.parsed(content.text)
        # "Defining a log": the name of a log's key must be the origin, so that no log speaks for another.
        logs = [log for log in self.logs if log.name == checkpoint.origin]
        expected = " or ".join(f"`{log.name}`" for log in self.logs) or "a log"
        if not logs:
            raise NotSigned(expected, [signature.name for signature in content.signatures])
        signers = note.opened(content, [*logs, *self.witnesses.values()], expected=expected)
        if not any(log in signers for log in logs):
            raise NotSigned(expected, [signature.name for signature in content.signatures])
        present = [name for name, witness in self.witnesses.items() if witness in signers]
        if self.quorum != NONE and not self._witnessed(self.quorum, set(present)):
            raise QuorumMissed(self.quorum, present)
        return checkpoint, present

    def _witnessed(self, name: str, present: set[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in present
        return sum(self._witnessed(member, present) for member in group.members) >= group.least


def of_key(log: Verifier) -> Policy:
    """The policy of those who know the log's key and no witness."""
    return Policy((log,))


def parsed(text: str, file: str = "policy") -> Policy:
    """The policy of a file's text ("Policy file syntax and structure"). Raises ``MalformedPolicy`` with the line."""
    return _Reader(file).policy(text)


class _Reader:
    """What the lines so far have defined."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._line = 0
        self._logs: list[Verifier] = []
        self._witnesses: dict[str, Verifier] = {}
        self._groups: dict[str, Group] = {}
        self._member_of: dict[str, str] = {}
        self._quorum: str | None = None
        self._urls: dict[str, str] = {}

    def policy(self, text: str) -> Policy:
        for number, line in enumerate(text.split("\n"), 1):
            self._line = number
            # "Character set": of the control characters tab and newline alone.
            if any((letter < " " and letter != "\t") or letter == "\x7f" for letter in line):
                raise self._wrong("the line has a control character, perhaps ends of line as Windows has them")
            # "Structure": spaces and tabs only, so not whatever else Unicode calls white.
            words = [word for word in line.replace("\t", " ").split(" ") if word]
            if words and not words[0].startswith("#"):
                self._take(words[0], words[1:])
        self._line = 0
        if self._quorum is None:
            raise self._wrong("the policy has no line `quorum`")
        return Policy(tuple(self._logs), self._witnesses, self._groups, self._quorum, self._urls)

    def _take(self, kind: str, words: list[str]) -> None:
        match kind, words:
            case "log", [key, *url] if len(url) <= 1:
                self._log(key, url)
            case "witness", [name, key, *url] if len(url) <= 1:
                self._witness(name, key, url)
            case "group", [name, least, *members] if members:
                self._group(name, least, members)
            case "quorum", [name]:
                if self._quorum is not None:
                    raise self._wrong("the policy has a second line `quorum`")
                if name != NONE:
                    self._known(name)
                self._quorum = name
            case (("log" | "witness" | "group" | "quorum"), _):
                raise self._wrong(f"the line `{kind}` has too few or too many parts")
            case _:
                raise self._wrong(f"a line begins with `log`, `witness`, `group` or `quorum`, not with `{kind}`")

    def _log(self, text: str, url: list[str]) -> None:
        key = self._key(text, note.ED25519)
        # "Defining a log": two are the same if they wrap the same key, whatever they are called.
        if key.key in [log.key for log in self._logs]:
            raise self._wrong(f"the key of log `{key.name}` is there already")
        self._logs.append(key)
        if url:
            self._urls[key.name] = url[0]

    def _witness(self, name: str, text: str, url: list[str]) -> None:
        key = self._key(text, note.COSIGNATURE)
        self._new(name)
        if key.key in [witness.key for witness in self._witnesses.values()]:
            raise self._wrong(f"the key of witness `{name}` is there already")
        self._witnesses[name] = key
        if url:
            self._urls[name] = url[0]

    def _group(self, name: str, least: str, members: list[str]) -> None:
        self._new(name)
        for member in members:
            self._known(member)
            # "Each defined name can be listed as a group member at most once."
            if member in self._member_of or members.count(member) > 1:
                raise self._wrong(f"`{member}` is a member of `{self._member_of.get(member, name)}` already")
        self._member_of |= dict.fromkeys(members, name)
        number = {"all": len(members), "any": 1}.get(least)
        if number is None:
            try:
                number = decimal(least)
            except MalformedCheckpoint:
                number = 0
            if not 1 <= number <= len(members):
                raise self._wrong(f"`{least}` is not `all`, `any` or a number from 1 to {len(members)}")
        self._groups[name] = Group(number, tuple(members))

    def _key(self, text: str, type_: int) -> Verifier:
        try:
            key = Verifier.parsed(text)
        except MalformedKey as error:
            raise self._wrong(error.message) from error
        if key.type != type_:
            raise self._wrong(f"the key of `{key.name}` is of type 0x{key.type:02x}, here stands one of 0x{type_:02x}")
        return key

    def _new(self, name: str) -> None:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise self._wrong(f"the name `{name}` is taken")

    def _known(self, name: str) -> None:
        if name not in self._witnesses and name not in self._groups:
            raise self._wrong(f"`{name}` is not defined on a line before")

    def _wrong(self, reason: str) -> MalformedPolicy:
        return MalformedPolicy(self._file, self._line or None, reason)
