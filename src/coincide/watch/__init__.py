"""Watching: whether sources still give what they gave, and whether rules still see anything."""
