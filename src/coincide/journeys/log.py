"""The card-days of a workspace with their features: what a day or a city is seen against.

Read from the files as they are; nothing of it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.clock import ServiceClock
from coincide.detect.journey.taps import Whole
from coincide.engines.embedded.database import connect
from coincide.engines.embedded.journeys import Journeys, Pairing, journeys
from coincide.engines.embedded.load import Progress
from coincide.engines.embedded.taps import TapLog
from coincide.engines.workspace import Workspace
from coincide.events.event import TAP
from coincide.network.network import Codes, Network
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
            None if loaded is None else lambda taps: InCodes.of(loaded.network, taps),
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


@dataclass(frozen=True)
class InCodes:
    """A network as it is asked in the codes of a log; what the feed does not have is -1, as what is missing is."""

    network: Network
    stop: Codes
    line: Codes

    @classmethod
    def of(cls, network: Network, taps: TapLog) -> InCodes:
        """The network for these codes."""
        stops, lines = network.stop_codes(taps.texts["place"]), network.line_codes(taps.texts["line"])
        # At the end stands what code -1 looks up.
        return cls(network, np.append(stops, np.int32(-1)), np.append(lines, np.int32(-1)))

    def hops(self, line: Whole, start: Whole, end: Whole) -> NDArray[np.int16]:
        """As ``Network.hops``."""
        return self.network.hops(self.line[line], self.stop[start], self.stop[end])

    def km(self, start: Whole, end: Whole) -> NDArray[np.float64]:
        """As ``Network.km``."""
        return self.network.km(self.stop[start], self.stop[end])
