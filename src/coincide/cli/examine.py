"""What ``coincide doctor`` looks at: settings, sources, catalog, lists, rules, key; each step says what it found.

Nothing is written and no key is made. Of the sources a sample is read: the first rows of a few files, which is
where wrong mappings, missing zones and ids that start anew in each file show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coincide.cli.errors import IdsNotUnique, NoSourceOfKind, UnknownNamespace, UnmappedField, UnusableRows
from coincide.errors import CoincideError, Problems, Where
from coincide.events.event import INCIDENT
from coincide.packs.pack import chosen
from coincide.settings import WORKSPACE_FILE, Settings, Source, load
from coincide.settings.errors import NoWorkspace
from coincide.settings.position import find

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from coincide.catalog.catalog import Catalog
    from coincide.catalog.rows import Entry
    from coincide.events.file import FileStamp
    from coincide.events.source import Batch, SourceReader
    from coincide.rules.load import LoadedRule

FILES = 20
"""Files of a source that are sampled: the first, the last, and some between."""
EXAMPLES = 3
"""Ids that are named."""


@dataclass
class Report:
    """What was found, in the order of looking, and what was looked at."""

    findings: list[CoincideError] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    """Files by source, all of them."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows that were looked at, by source."""
    rules: int = 0
    subject: Subject | None = None
    """The workspace, if its settings could be loaded."""


@dataclass(frozen=True)
class Subject:
    """A workspace whose settings could be loaded, and the text of its ``coincide.toml``."""

    folder: Path
    settings: Settings
    text: str

    @cached_property
    def catalog(self) -> Catalog:
        """Read once, for what is wrong with it and for what rules see by it."""
        from coincide.catalog.catalog import load as load_catalog

        return load_catalog(self.folder, self.settings.catalog, self.settings.packs)

    def place(self, *path: str) -> Where:
        """Where a setting stands in ``coincide.toml``."""
        return find(self.text, path, file=str(self.folder / WORKSPACE_FILE))


def examine(folder: Path, *, rows: int) -> Report:
    """Look at everything in the workspace ``folder``, at about ``rows`` rows of each source.

    Raises ``NoWorkspace``; everything else that is wrong is a finding.
    """
    report = Report()
    settings = _settings(folder, report)
    if settings is None:
        return report
    subject = _packs(Subject(folder, settings, (folder / WORKSPACE_FILE).read_text(encoding="utf-8-sig")), report)
    report.subject = subject
    _sources(subject, report, rows)
    for step in STEPS:
        step(subject, report)
    return report


def _settings(folder: Path, report: Report) -> Settings | None:
    from coincide.events.preset import fitted

    try:
        return fitted(load(folder), folder)
    except NoWorkspace:
        raise
    except CoincideError as error:
        _add(report, error, None)
        return None


@contextmanager
def _collected(report: Report, place: Where | None) -> Iterator[None]:
    """What goes wrong inside is a finding; one that names no place gets ``place``."""
    try:
        yield
    except CoincideError as error:
        _add(report, error, place)


def _add(report: Report, error: CoincideError, place: Where | None) -> None:
    if isinstance(error, Problems):
        report.findings += error.problems
        return
    if error.where is None:
        error.where = place
    report.findings.append(error)


# --- sources ----------------------------------------------------------------------------------------------


def _sources(subject: Subject, report: Report, rows: int) -> None:
    from coincide.engines.embedded.database import connect
    from coincide.engines.errors import NoSources
    from coincide.events.source import SourceReader

    if not subject.settings.sources:
        report.findings.append(NoSources(str(subject.folder / WORKSPACE_FILE)))
        return
    with connect(subject.settings) as connection:
        for name, source in subject.settings.sources.items():
            reader = SourceReader(name, source, subject.folder, subject.settings.attributes)
            place = subject.place("sources", name)
            with _collected(report, place):
                files = reader.files()
                report.files[name] = len(files)
                _columns(reader, source, files)
                sample = _sample(reader, source, files, connection, rows)
                report.rows[name] = sample.looked_at
                report.findings += _unusable(name, sample, files)
                report.findings += _repeated(name, sample, subject)


def _columns(reader: SourceReader, source: Source, files: list[FileStamp]) -> None:
    """Every file must have the mapped columns, of types that fit. Raises what is wrong in the first bad file."""
    from coincide.events.errors import UnknownColumn
    from coincide.events.mapping import check, projection, raw_columns

    check(source)
    if source.files is None:
        projection(source, reader.columns(), reader.attributes)
        return
    for file in files:
        columns = reader.columns_of(file)
        if missing := raw_columns(source) - set(columns):
            raise Problems([UnknownColumn(name, known=columns, file=file.path) for name in missing])
        projection(source, columns, reader.attributes)


@dataclass(frozen=True)
class Sample:
    """Rows of a source in canonical form, and the records among them that could not be read."""

    frame: pl.DataFrame
    bad: list[tuple[int, int]]
    """File and position of each."""

    @property
    def looked_at(self) -> int:
        """Readable and unreadable ones."""
        return self.frame.height + len(self.bad)


def _sample(
    reader: SourceReader, source: Source, files: list[FileStamp], connection: duckdb.DuckDBPyConnection, rows: int
) -> Sample:
    import polars as pl

    from coincide.events.canonical import canonical

    chosen = _spread(len(files))
    share = max(rows // len(chosen), 1)
    frames: list[pl.DataFrame] = []
    bad: list[tuple[int, int]] = []
    for index in chosen:
        left = share
        for frame, unread in _read(reader, connection, files[index], index, share):
            frames.append(canonical(frame, source=source, attributes=reader.attributes, files=files))
            bad += unread[: max(left, 0)]
            left -= frame.height
            if left <= 0:
                break
    return Sample(pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame(), bad)


def _read(
    reader: SourceReader, connection: duckdb.DuckDBPyConnection, file: FileStamp, index: int, rows: int
) -> Iterator[tuple[pl.DataFrame, list[tuple[int, int]]]]:
    """The first ``rows`` rows of each batch of a file, and the records in it that cannot be read."""
    import duckdb

    from coincide.events.mapping import raw_columns

    for batch in reader.batches(connection, [file], raw_columns(reader.source), first_file=index):
        try:
            yield _head(reader, connection, batch, rows), [(record.file, record.position) for record in batch.bad]
        except duckdb.Error:
            if batch.again is None:
                raise
            # What DuckDB refuses is read by the slower reader, which repairs it or names the broken file.
            for slower in batch.again():
                yield _head(reader, connection, slower, rows), []


def _head(reader: SourceReader, connection: duckdb.DuckDBPyConnection, batch: Batch, rows: int) -> pl.DataFrame:
    import polars as pl
    from sqlglot import exp

    from coincide.engines.embedded.database import query
    from coincide.events.mapping import passed_over, projection

    mapped = projection(reader.source, batch.columns, reader.attributes)
    columns = {"file": batch.file, "position": batch.position, **mapped}
    named = [expression.copy().as_(name, quoted=True) for name, expression in columns.items()]
    statement = exp.select(*named).from_(batch.table.copy()).limit(rows)
    assert isinstance(reader.source, Source)
    nobody = passed_over(reader.source, batch.columns)
    if nobody is not None:
        statement = statement.where(exp.not_(nobody))
    frame = pl.from_arrow(query(connection, statement))
    assert isinstance(frame, pl.DataFrame)
    return frame


def _spread(count: int) -> list[int]:
    """At most ``FILES`` places of ``count``, evenly from the first to the last."""
    if count <= FILES:
        return list(range(count))
    return sorted({round(step * (count - 1) / (FILES - 1)) for step in range(FILES)})


def _unusable(name: str, sample: Sample, files: list[FileStamp]) -> Iterator[CoincideError]:
    """A finding for each reason for which rows could not be used, with the first place of each."""
    import polars as pl

    from coincide.detect.fit import wrong_incidents
    from coincide.events import reason

    found: list[tuple[str, list[tuple[int, int]]]] = [(reason.BAD_RECORD.name, sorted(sample.bad))]
    frame = sample.frame
    needed = {"event_id": reason.NO_EVENT_ID, "account": reason.NO_ACCOUNT, "occurred_at": reason.NO_TIME}
    for column in (name for name in needed if name in frame.columns):
        missing = pl.col(column).is_null()
        if column == "account":
            missing &= pl.col("kind").ne_missing(INCIDENT)
        if f"!{column}" in frame.columns:
            missing &= ~pl.col(f"!{column}")
        found.append((needed[column].name, _places(frame, missing)))
    # Which incidents are still to come only a scan knows.
    if "kind" in frame.columns:
        incident = pl.col("kind").eq_missing(INCIDENT)
        found += [(why.name, _places(frame, incident & wrong)) for why, wrong in wrong_incidents(frame.columns)]
    flags = [name for name in frame.columns if name.startswith("!")]
    found += [(reason.unreadable(flag[1:]), _places(frame, pl.col(flag))) for flag in flags]
    for why, places in found:
        if places:
            file, position = places[0]
            where = Where(files[file].path, position)
            says = reason.says(why).removesuffix(", and a rule needs it")
            yield UnusableRows(name, reason=says, rows=len(places), looked_at=sample.looked_at, where=where)


def _places(frame: pl.DataFrame, chosen: pl.Expr) -> list[tuple[int, int]]:
    return [
        (file, position)
        for file, position in frame.filter(chosen).select("file", "position").sort("file", "position").iter_rows()
    ]


def _repeated(name: str, sample: Sample, subject: Subject) -> Iterator[CoincideError]:
    """Ids that stand for events of more than one account or time."""
    import polars as pl

    if sample.frame.is_empty():
        return
    named = [name for name in ("account", "occurred_at") if name in sample.frame.columns]
    repeated = (
        sample.frame.lazy()
        .filter(pl.col("event_id").is_not_null())
        .group_by("event_id")
        .agg(pl.struct(named).n_unique().alias("events"))
        .filter(pl.col("events") > 1)
        .sort("event_id")
        .collect()
    )
    if repeated.height:
        yield IdsNotUnique(
            name,
            ids=repeated.height,
            rows=sample.looked_at,
            examples=repeated["event_id"].head(EXAMPLES).to_list(),
            where=subject.place("sources", name, "columns", "event_id"),
        )


# --- what needs no rows -----------------------------------------------------------------------------------


def _links(subject: Subject, report: Report) -> None:
    from coincide.events.mapping import projection
    from coincide.events.source import SourceReader

    namespaces = {source.namespace(name) for name, source in subject.settings.sources.items()}
    for name, file in subject.settings.links.items():
        place = subject.place("links", name)
        with _collected(report, place):
            reader = SourceReader(name, file, subject.folder)
            for stamp in reader.files():
                projection(file, reader.columns_of(stamp))
        if file.accounts not in namespaces:
            report.findings.append(UnknownNamespace(name, file.accounts, known=sorted(namespaces), where=place))


def _packs(subject: Subject, report: Report) -> Subject:
    """The subject without packs that are not there: what else is wrong is found beside them."""
    there = []
    for name in subject.settings.packs:
        with _collected(report, subject.place("packs")):
            chosen([name])
            there.append(name)
    return replace(subject, settings=subject.settings.model_copy(update={"packs": there}))


def _network(subject: Subject, report: Report) -> None:
    """That the feed can be used; what is odd about it is for `coincide network` to say."""
    from coincide.network.load import load as load_network

    section = subject.settings.network
    if section is None:
        return
    with _collected(report, subject.place("network", "gtfs")):
        load_network(subject.folder / section.gtfs, section.line, shown=section.gtfs)


def _catalog(subject: Subject, report: Report) -> None:
    with _collected(report, subject.place("catalog")):
        _ = subject.catalog


def _lists(subject: Subject, report: Report) -> None:
    from coincide.catalog.managed_list import load as load_lists

    with _collected(report, subject.place("lists")):
        load_lists(subject.folder, subject.settings.lists, subject.settings.packs)


def _obligations(subject: Subject, report: Report) -> None:
    from coincide.obligations.load import load as load_obligations
    from coincide.obligations.substance import substances

    with _collected(report, subject.place("obligations")):
        for loaded in load_obligations(subject.folder, subject.settings.obligations).values():
            substances(loaded)


def _rules(subject: Subject, report: Report) -> None:
    from coincide.engines.errors import NoRules
    from coincide.rules.workspace import context_of, load_rules

    with _collected(report, subject.place("rules")):
        # What is wrong with the catalog and the obligations was found before.
        entries: tuple[Entry, ...] = ()
        context, _ = context_of(subject.folder, subject.settings)
        rules = load_rules(subject.folder, subject.settings, context)
        if not rules:
            raise NoRules(subject.settings.rules, str(subject.folder))
        report.rules = len(rules)
        with suppress(CoincideError):
            entries = subject.catalog.entries
        for rule in rules:
            report.findings += _blind(rule, subject.settings.sources, entries)


def _blind(rule: LoadedRule, sources: dict[str, Source], entries: Iterable[Entry]) -> Iterator[CoincideError]:
    """What a rule reads and no source that it looks at has. Without any source that was found already.

    ``entries``: of the catalog.
    """
    from coincide.catalog.rows import field_of as by
    from coincide.engines.embedded.load import without_token
    from coincide.events.errors import NoToken
    from coincide.events.mapping import fields

    plan, where = rule.plan, Where(rule.file)
    fitting = [name for name, source in sources.items() if source.may_hold(*plan.events)]
    if not fitting:
        if sources:
            yield NoSourceOfKind(plan.rule, plan.events, where=where)
        return
    for name in fitting:
        if without_token(sources[name], plan):
            yield NoToken(name, plan.rule, where=where)
    there = {field for name in fitting for field in fields(sources[name])}
    for name in sorted(plan.reads - there):
        yield UnmappedField(plan.rule, f"`{name}`", sources=fitting, where=where)
    if plan.tagged is not None:
        ways = sorted({way for match, _, component in entries if component in plan.tagged for way in [by(match)]})
        if not there.intersection(ways or ("item", "category", "title")):
            through = " or ".join(f"`{way}`" for way in ways or ("item", "category", "title"))
            yield UnmappedField(plan.rule, f"components (through {through})", sources=fitting, where=where)


def _key(subject: Subject, report: Report) -> None:
    from coincide.entities.errors import KeyMissing
    from coincide.entities.key import load as load_key

    with _collected(report, subject.place("key_file")):
        try:
            load_key(subject.folder / subject.settings.key_file)
        except KeyMissing:
            return  # The first scan makes it.


def _ledger(subject: Subject, report: Report) -> None:
    from coincide.engines.workspace import Workspace
    from coincide.ledger.book import check

    with _collected(report, subject.place("ledger")):
        check(Workspace(subject.folder, subject.settings).ledger)


STEPS: tuple[Callable[[Subject, Report], None], ...] = (
    _links,
    _network,
    _catalog,
    _lists,
    _obligations,
    _rules,
    _key,
    _ledger,
)
"""After the sources, in this order."""
