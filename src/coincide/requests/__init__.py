"""Recorded requests: on whose word, and for which places and times, it may be seen who was present."""
