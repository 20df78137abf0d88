"""The network that taps are made on: stops, lines and their patterns, read from a GTFS feed."""
