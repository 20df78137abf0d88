"""From accounts to actors: which accounts belong to one party. DESIGN: "Actors"."""

from __future__ import annotations

from reference.event import Event, text
from reference.world import Account, Kind, Source, World

_DEFAULT = {"card": Kind(True, 6), "address": Kind(False, 10)}
Identifier = tuple[str, str]
"""An identifier: its kind and its text. A kind is one namespace over all sources."""


def actors(world: World, events: list[Event]) -> dict[Account, Account]:
    """For each account the account that names its actor: the first of the group, by namespace and code point."""
    holders = _holders(world, events)
    accounts = _accounts(world, events)

    # Which accounts are tied to which, directly.
    tied: dict[Account, set[Account]] = {account: set() for account in accounts}
    for (kind, _), sharing in holders.items():
        strength = world.kinds.get(kind) or _DEFAULT.get(kind) or Kind()
        # "A weak kind (address) never joins"
        if not strength.strong:
            continue
        # "joins while at most `cap` accounts share the identifier; above, it is generic and joins nobody"
        if len(sharing) > strength.cap:
            continue
        for one in sharing:
            for other in sharing:
                # "not the same" by a person: what the two share directly does not join these two.
                if one != other and not _separated(world, one, other):
                    tied[one].add(other)

    named: dict[Account, Account] = {}
    for account in sorted(accounts):
        if account in named:
            continue
        group = _reached(account, tied)
        # "A linked group of more than 20 accounts is left as single accounts". So is a group that still holds
        # two accounts that are not the same: through whom they were joined is for a person to say.
        left_single = len(group) > world.group_limit or any(_separated(world, a, b) for a in group for b in group)
        for member in sorted(group):
            named[member] = member if left_single else min(group)
    return named


def _reached(start: Account, tied: dict[Account, set[Account]]) -> set[Account]:
    """Everybody that a chain of ties leads to."""
    group = {start}
    ahead = [start]
    while ahead:
        for other in tied[ahead.pop()]:
            if other not in group:
                group.add(other)
                ahead.append(other)
    return group


def _separated(world: World, one: Account, other: Account) -> bool:
    return (one, other) in world.separations or (other, one) in world.separations


def _holders(world: World, events: list[Event]) -> dict[Identifier, set[Account]]:
    """Who has which identifier.

    "Links come from every row with a readable account and identifier and from `[links]` files, whichever rules are
    loaded": of any kind, selected or not, without an id or a time as well.
    """
    holders: dict[Identifier, set[Account]] = {}
    for event in events:
        account = event.values.get("account")
        if account is None:
            continue
        for name, value in event.values.items():
            if name.startswith("link.") and value is not None:
                kind = name.removeprefix("link.")
                holders.setdefault((kind, str(value)), set()).add((event.namespace, str(account)))
    for master in world.link_files.values():
        as_source = Source(columns={}, rows=[], format=master.format)
        for row in master.rows:
            account = _readable("account", row.get(master.account), as_source)
            if account is None:
                continue
            for kind, column in master.links.items():
                identifier = _readable(f"link.{kind}", row.get(column), as_source)
                if identifier is not None:
                    holders.setdefault((kind, identifier), set()).add((master.accounts, account))
    return holders


def _accounts(world: World, events: list[Event]) -> set[Account]:
    found = {(e.namespace, str(e.values["account"])) for e in events if e.values.get("account") is not None}
    for sharing in _holders(world, events).values():
        found |= sharing
    return found


def _readable(name: str, cell: str | bytes | None, source: Source) -> str | None:
    return None if isinstance(cell, bytes) else text(name, cell, source)
