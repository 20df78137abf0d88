"""The published JSON Schemas of records, each frozen with its version."""
