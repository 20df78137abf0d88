"""The engine under test, behind the few calls that the comparison needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from coincide.detect.episode import Episode
from coincide.engines.embedded.load import Feed, MasterData
from coincide.engines.embedded.run import Run, Task, run
from coincide.engines.workspace import open_workspace
from coincide.entities.actors import Actors, Separation
from coincide.entities.link import link
from property.agreement import Found
from reference.world import Account


class Engine(Protocol):
    """A workspace that keeps what scans find."""

    def scan(self, folder: Path) -> Found:
        """Scan what there is now; what is open afterwards, in the form of ``agreement``."""
        ...

    def separate(self, folder: Path, one: Account, other: Account) -> None:
        """A person says that two accounts are not the same."""
        ...

    def called(self, folder: Path, account: Account) -> str:
        """The pseudonym of an account or of another actor."""
        ...


def run_once(folder: Path, separations: Sequence[tuple[Account, Account]] = ()) -> Found:
    """One run over everything in a workspace, without a store; accounts as they are given."""
    workspace = open_workspace(folder)
    apart = [Separation(*pair) for pair in separations]

    def joined(edges: pl.DataFrame) -> Actors:
        return link(edges, workspace.settings.entities, apart)

    data = [
        MasterData(workspace.settings.links[name], reader, tuple(reader.files()))
        for name, reader in workspace.master_data.items()
    ]
    feeds = [
        Feed(name, workspace.settings.sources[name], reader, tuple(reader.files()), tuple(reader.files()))
        for name, reader in workspace.readers.items()
    ]
    plans = [loaded.plan for loaded in workspace.chosen()]
    task = Task(plans, feeds, workspace.catalog, workspace.lists, workspace.settings, joined, data)
    return _found(run(task))


def _found(result: Run) -> Found:
    quarantined = sorted((r.source, r.file.path, r.position, r.reason) for r in result.refused)
    rows = {
        "read": result.read,
        "unmatched": sum(count.unmatched for count in result.files.values()),
        "duplicates": sum(result.duplicates.values()),
        "quarantined": len(quarantined),
    }
    rows["accepted"] = rows["read"] - rows["unmatched"] - rows["duplicates"] - rows["quarantined"]
    alerts = [_alert(episode) for found in result.episodes.values() for episode in found]
    return {
        "rows": rows,
        "quarantined": quarantined,
        "observations": {rule: sum(days.values()) for rule, days in result.observations.items()},
        "alerts": alerts,
    }


def _alert(episode: Episode) -> dict[str, Any]:
    def name(event: Any) -> tuple[Any, ...]:
        return (event.occurred_at, event.source, event.event_id, event.account)

    return {
        "rule": episode.rule,
        "actor": episode.actor,
        "started_by": name(episode.started_by),
        "ended_by": name(episode.ended_by),
        "hits": episode.hits,
        "silenced": episode.silenced,
        "counted": episode.counted,
        "one_account": episode.one_account,
        "evidence": sorted(map(name, episode.evidence)),
        "latest_evidence": sorted(map(name, episode.latest_evidence)),
    }
