"""The features of a card-day: their names, which are part of the rule language."""

FEATURES = (
    "trips", "missing_exits", "distinct_stops", "stops_per_trip", "distinct_lines", "short_share", "wander", "entropy",
    "most_visits", "quick", "same_line", "back", "median_gap", "span_hours", "crowded", "detour", "new_stops",
    "trips_z",
)  # fmt: skip
