"""Accounts to actors: shared identifiers, keyed pseudonyms, numbered versions."""
