"""What is counted of a card-day: the names, units and exact meanings of its features.

A card-day is one token on one service day on which it began at least one ride. Its rides are those *boarded* that
day, in order of time; a ride that ends after the day is over belongs to it. Its visits are the stops where these rides
were boarded and left, and those of exits on that day that end no ride; a stop that is not known is no visit. A
re-boarding is each ride but the first; its gap is the time since the ride before it was left. What cannot be known
without a missing thing is left out of a share, and where nothing is left the feature is missing (NaN): where flat fares
leave no exits, that is so for all features that need the place or time of alighting. The last 28 days are the 28
service days before this one; an active day is one that is a card-day of the token.
"""

from __future__ import annotations

from dataclasses import dataclass

SHORT_HOPS = 3
SHORT_US = 6 * 60_000_000
QUICK_US = 10 * 60_000_000
LEAST_METRES = 300
CROWDED_PART = 10
LEAST_RIDES = 5
PAST_DAYS = 28
LEAST_PAST = 5
LEAST_ALIKE = 100


@dataclass(frozen=True)
class Feature:
    """One feature: its name, what it is counted in, and what it says of a day."""

    name: str
    unit: str
    says: str


FEATURES: tuple[Feature, ...] = (
    Feature("trips", "rides", "rides begun"),
    Feature("missing_exits", "share of rides", "rides of which no exit is known"),
    Feature("distinct_stops", "stops", "distinct stops visited"),
    Feature("stops_per_trip", "stops per ride", "distinct stops visited, by rides begun"),
    Feature("distinct_lines", "lines", "distinct lines boarded, of those that are known"),
    Feature(
        "short_share",
        "share of rides",
        "rides of at most 3 stops along one pattern of their line, or of at most 6 minutes; among rides of which the "
        "one or the other is known",
    ),
    Feature(
        "wander",
        "ratio",
        "kilometres between the ends of each ride, added up, by the kilometres from the first stop visited to the "
        "last, or 0.3 if those are fewer; great circles in whole metres; rides whose ends are not both known are left "
        "out, and it is missing if no ride is left or a coordinate of the first or last stop is",
    ),
    Feature("entropy", "bits", "Shannon entropy of the stops visited: 0 if all visits are to one stop"),
    Feature("most_visits", "visits", "visits to the stop visited most"),
    Feature("quick", "share of re-boardings", "re-boardings less than 10 minutes after getting off; of known gaps"),
    Feature(
        "same_line",
        "share of re-boardings",
        "re-boardings on the line just left; among those of which both lines are known",
    ),
    Feature(
        "back",
        "share of re-boardings",
        "re-boarded rides left where the ride before them was boarded; among those of which both stops are known",
    ),
    Feature("median_gap", "minutes", "the lower median of the gaps between rides"),
    Feature("span_hours", "hours", "from the first boarding to the last boarding or alighting"),
    Feature(
        "crowded",
        "share of rides",
        "rides in crowded cells; a cell is a vehicle, or the line of rides whose vehicle is not known, in one local "
        "hour of one service day; it is crowded if at most a tenth of all cells (of vehicles, or of lines) have as "
        "many boardings as it has; among rides whose vehicle or line is known",
    ),
    Feature(
        "detour",
        "ratio",
        "minutes ridden by minutes usual: of each ride the whole minutes, at least one, and the lower median of those "
        "of all rides with the same two ends and local hour of boarding; added up over the rides for which there are "
        "at least 5 such",
    ),
    Feature(
        "new_stops",
        "stops",
        "distinct stops visited that the token visited on no active day of the last 28; missing if it had none",
    ),
    Feature(
        "trips_z",
        "robust z",
        "rides begun, less their lower median m over the active days of the last 28 (at least 5), by 1.4826 times the "
        "lower median of the distances from m, or by 1 if that is less",
    ),
)
NAMES = tuple(feature.name for feature in FEATURES)
