"""What a page draws of the network of a workspace."""

from __future__ import annotations

import math

from coincide.journeys.city import City, Stop, Way
from coincide.network.network import Network


def city_of(network: Network) -> City:
    """The city of a network. A platform is drawn as its station, because taps name either."""
    stops = {}
    for code, id_ in enumerate(network.stops):
        at = float(network.lat[code]), float(network.lon[code])
        stops[id_] = Stop(id_, network.names[code], None if math.isnan(at[0] + at[1]) else at)
    ways = tuple(
        Way(
            network.lines[pattern.line],
            tuple(network.stops[int(network.station[stop])] for stop in pattern.stops),
            () if pattern.shape is None else tuple((float(lat), float(lon)) for lat, lon in pattern.shape),
        )
        for pattern in network.patterns
    )
    stations = {id_: network.stops[int(network.station[code])] for code, id_ in enumerate(network.stops)}
    return City(stops, ways, {id_: station for id_, station in stations.items() if id_ != station})
