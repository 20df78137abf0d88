"""The card-days of a workspace with their features: what a day or a city is seen against.

Read from the files as they are; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from coincide.detect.journey.clock import ServiceClock
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.journeys import Journeys, Pairing, journeys
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.events.event import TAP
from coincide.network.coded import InCodes
from coincide.rules.feature import NAMES
from coincide.settings.model import Journeys as Section


def log(workspace: Workspace, progress: Progress = lambda _: None, features: Sequence[str] = NAMES) -> Journeys:
    """The journeys of a workspace, with these features. Raises what is wrong with files, mapping or feed."""
    loaded = workspace.network
    with connect(workspace.settings) as connection:
        return journeys(
            workspace.readers_of(TAP),
            pairing(workspace.settings.journeys),
            connection,
            None if loaded is None else lambda taps: InCodes.of(loaded.network, taps.texts),
            progress=progress,
            features=features,
        )


def pairing(section: Section) -> Pairing:
    """How the settings say that taps become rides."""
    return Pairing(
        ServiceClock(section.zone, section.service_day_us),
        section.doubled_seconds * 1_000_000,
        section.longest_ride_minutes * 60_000_000,
    )
