"""What can go wrong with what a city is made from."""

from __future__ import annotations

from coincide.errors import CoincideError


class NoLines(CoincideError):
    """The GTFS feed has no line that could be ridden, so no city can be simulated on it.

    A city needs ``stops.txt``, ``routes.txt``, ``trips.txt`` and ``stop_times.txt``, and trips of four or more stops
    with times. ``coincide doctor`` says what is wrong with a feed that a workspace names.
    """

    code = "COI-U024"
    exit_status = 2

    def __init__(self, feed: str) -> None:
        super().__init__(
            f"{feed} has no trip of four or more stops with times", hint="name a GTFS feed, or leave --gtfs out"
        )
        self.feed = feed
