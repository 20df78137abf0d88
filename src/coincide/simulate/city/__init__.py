"""A made-up city on a GTFS network: who rides how, what is stolen, and what of both gets into the log.

``parameters`` has every figure with its source. Rides are made in ``ride``, of the people of ``rider``, on the nodes
of ``lines``; ``tap`` makes a log of them, ``incident`` reports. ``made`` holds it together; writing a workspace is the
matter of ``simulate.city_folder``. There are no loops over people, rides or taps.
"""

from coincide.simulate.city.made import City, digest
from coincide.simulate.city.parameters import Parameters

__all__ = ["City", "Parameters", "digest"]
