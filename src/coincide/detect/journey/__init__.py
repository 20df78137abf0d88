"""Journeys: taps paired to rides, rides gathered to card-days with named features. Pure functions over columns."""
