"""Journeys to look at: the service day of an alert, and the city, as pages that open offline."""
