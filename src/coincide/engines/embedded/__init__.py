"""The embedded engine: DuckDB reads, Polars and NumPy decide, in one process."""
