"""What was sold, whoever bought it: the distinct items of all sources, most frequent first."""

from __future__ import annotations

import polars as pl
from sqlglot import exp

from coincide.engines.embedded.database import connect, query
from coincide.engines.embedded.load import Progress
from coincide.engines.workspace import Workspace
from coincide.events.mapping import projection, raw_columns
from coincide.events.text import NOT_UTF8

FIELDS = ("item", "category", "title")
SCHEMA = {**dict.fromkeys(FIELDS, pl.String()), "rows": pl.Int64()}


def items(workspace: Workspace, progress: Progress = lambda _: None) -> pl.DataFrame:
    """``item``, ``category``, ``title`` (null where a source has none or it cannot be read) and ``rows``.

    Counted inside the database; no account is read. Raises the errors of ``events`` that name a file.
    """
    frames = [pl.DataFrame(schema=SCHEMA)]
    with connect(workspace.settings) as connection:
        for name, reader in workspace.readers.items():
            source = workspace.settings.sources[name]
            there = tuple(field for field in FIELDS if field in source.columns)
            if not there:
                continue
            for batch in reader.batches(connection, tuple(reader.files()), raw_columns(source, there)):
                mapped = projection(source, batch.columns, workspace.settings.attributes, only=there)
                values = [mapped[field].copy().as_(field, quoted=True) for field in there]
                counted = exp.select(*values, exp.func("COUNT", exp.Star()).as_("rows")).from_(batch.table.copy())
                frame = pl.from_arrow(query(connection, counted.group_by(exp.Var(this="ALL"))))
                assert isinstance(frame, pl.DataFrame)
                frames.append(frame.with_columns(pl.col(field).cast(pl.String) for field in there))
                progress(batch.rows)
    found = pl.concat(frames, how="diagonal_relaxed").with_columns(
        pl.when(~pl.col(field).str.contains(NOT_UTF8, literal=True)).then(field).alias(field) for field in FIELDS
    )
    return (
        found.group_by(FIELDS).agg(pl.col("rows").sum()).sort("rows", *FIELDS, descending=[True, False, False, False])
    )
