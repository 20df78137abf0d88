"""The pseudonyms of one scan: made in bulk, each once, and remembered so that their seals can be kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from coincide.alerts.alert import Finding, finding_of
from coincide.detect.episode import Episode
from coincide.entities.key import Key
from coincide.entities.pseudonym import NONCE, pseudonyms, seal
from coincide.events.event import EventName

Account = tuple[str, str]


class Pseudonyms:
    """Accounts as given to pseudonyms, with one key. Only what is asked for is hashed."""

    def __init__(self, key: Key, random: Callable[[int], bytes] = os.urandom) -> None:
        self._key = key
        self._random = random
        self._known: dict[Account, str] = {}

    def of(self, accounts: Iterable[Account]) -> dict[Account, str]:
        """The pseudonym of each account; the mapping may hold others as well."""
        fresh = [account for account in dict.fromkeys(accounts) if account not in self._known]
        names = pseudonyms([namespace for namespace, _ in fresh], [account for _, account in fresh], self._key)
        self._known.update(zip(fresh, names, strict=True))
        return self._known

    def names(self, accounts: Sequence[Account]) -> list[str]:
        """The pseudonyms of the accounts, in their order."""
        known = self.of(accounts)
        return [known[account] for account in accounts]

    def made(self, names: Iterable[str]) -> tuple[dict[str, Account], set[str]]:
        """The accounts behind those of the names that were made here, and the other names."""
        wanted = set(names)
        accounts = {name: account for account, name in self._known.items() if name in wanted}
        return accounts, wanted - accounts.keys()

    def by_values(self, values: Iterable[Account], by: str) -> list[str]:
        """The pseudonyms of whatever a rule looks ``by``, in their order."""
        return self.names([value_of(value, by) for value in values])

    def findings(self, episodes: list[Episode], by: str, namespaces: dict[str, str]) -> list[Finding]:
        """Episodes with pseudonyms; ``namespaces``: of the accounts of each source, ``by``: of the rule."""
        # By source, so that each of an alert's many events costs one look at its account.
        accounts: dict[str, set[str]] = {source: set() for source in namespaces}
        for episode in episodes:
            for name in (episode.started_by, episode.ended_by, *episode.evidence, *episode.latest_evidence):
                accounts[name.source].add(name.account)
        asked = {value_of(episode.actor, by) for episode in episodes}
        asked |= {(namespaces[source], account) for source, here in accounts.items() for account in here}
        known = self.of(asked)
        of_source = {
            source: {account: known[(namespaces[source], account)] for account in here}
            for source, here in accounts.items()
        }

        def named(name: EventName) -> EventName:
            at, source, event_id, account = name
            return EventName(at, source, event_id, of_source[source][account])

        return [
            finding_of(
                replace(
                    episode,
                    actor=("", known[value_of(episode.actor, by)]),
                    started_by=named(episode.started_by),
                    ended_by=named(episode.ended_by),
                    evidence=tuple(map(named, episode.evidence)),
                    latest_evidence=tuple(map(named, episode.latest_evidence)),
                )
            )
            for episode in episodes
        ]

    def sealed(self, names: Iterable[str]) -> list[dict[str, str | bytes]]:
        """Rows of the table ``pseudonym`` for those of ``names`` that were made here."""
        accounts, _ = self.made(names)
        asked = sorted(accounts)
        key_id, nonces = self._key.id, self._random(NONCE * len(asked))
        rows: list[dict[str, str | bytes]] = []
        for number, name in enumerate(asked):
            namespace, account = accounts[name]
            sealed = seal(account, self._key, nonces[NONCE * number : NONCE * (number + 1)], pseudonym=name)
            rows.append({"pseudonym": name, "namespace": namespace, "sealed": sealed, "key_id": key_id})
        return rows


def value_of(value: Account, by: str) -> Account:
    """What a rule looks ``by`` as it is hashed: values of fields and identifiers get a namespace of their own."""
    return value if by in ("actor", "account") else (f"@{by}", value[1])
