"""The parts of a page, made of the JSON document of a backtest; of two documents, the same parts joined.

Which part there is, what it shows and what it says, in the order of the page. What the figures are is explained here
in a sentence each, because a page goes to people who have not read the documentation. How it looks is left to the
template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from coincide.html.figure import Cell, Figure, Form, cell
from coincide.html.part import Part
from coincide.html.table import Table, joined
from coincide.odds import paragraph
from coincide.odds.attendance import ESTIMATOR as DAYS
from coincide.odds.page.chart import Bins, calendar, histogram, neighbours

Document = Mapping[str, Any]
"""``coincide backtest --json``, of form ``backtest/1``."""

ITSELF = "the rule itself"
ELSEWHERE = {"why_not", "says", "counts", "components", "by_incidents"}
"""Members that are shown in another form than a row."""
MISSING = {"why_not": "This backtest does not hold it."}
TWO_ESTIMATORS = "Old and new were dealt by different estimators: their figures stand apart, for they do not compare."

CHANGES = {
    "deals": "More deals make the mean and the range steadier, and take longer.",
    "block": "How many equally busy actors exchange histories: larger blocks mix busier with less busy ones.",
    "seed": "Another seed deals other cards; the figures move within the Monte Carlo error.",
    "placebos": "More made-up rules make their range steadier, and take longer.",
    "prevalence_within": "How equally common the items of a made-up rule must be: closer is fairer and finds fewer.",
    "recall": "Assumed share of true ones that the rule finds: half of it doubles what is read per true one.",
    "capacity": "Alerts that the analysts can read in a day.",
    "from": "Where the log begins: an earlier day gives more alerts, and older habits.",
    "to": "Where the log ends.",
}
"""What a parameter changes, by its name in the document."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What axes have in common when documents are compared."""

    bins: Bins
    alerts_in_a_week: int
    actors_of_a_neighbour: int
    one_estimator: bool

    @classmethod
    def of(cls, documents: Sequence[Document]) -> Scale:
        """The scale on which all these documents fit."""
        counts = [count for one in documents for name in ("deals", "placebos") for count in _counts(one, name)]
        weeks = [week["alerts"] for one in documents for week in _rows(one, "calendar")]
        actors = [row["actors"] for one in documents for row in _drawn(_with_itself(one))]
        observed = [one["counts"]["actors"] for one in documents]
        estimators = {one["deals"]["estimator"] for one in documents if "estimator" in _part(one, "deals")}
        return cls(Bins.of([*observed, *counts]), max(weeks, default=0), max(actors, default=0), len(estimators) <= 1)


def parts(document: Document, scale: Scale | None = None) -> tuple[Part, ...]:
    """The parts of one backtest."""
    scale = scale or Scale.of([document])
    return (
        _of_counts(document),
        _of_ordinary(document, scale),
        _of_ratio(document, scale),
        _of_calendar(document, scale),
        _of_neighbours(document, scale),
        _of_base_rates(document),
        _of_precision(document),
        _of_load(document),
        _of_overlap(document),
        _of_examples(document),
        _of_parameters(document),
    )


def compared(old: Document, new: Document) -> tuple[Part, ...]:
    """The parts of two backtests, of the old and the new form of a rule: tables joined, charts on the same axes."""
    scale = Scale.of([old, new])
    return tuple(_beside(*both) for both in zip(parts(old, scale), parts(new, scale), strict=True))


def _beside(old: Part, new: Part) -> Part:
    whose = (("Old", old), ("New", new))
    part = Part(old.id, old.title, list(dict.fromkeys((*old.says, *new.says))))
    for who, one in whose:
        part.why_not += [(who, sentence) for _, sentence in one.why_not]
        part.charts += [chart.of(who) for chart in one.charts]
        part.tables += [table.of(who) for table in one.tables if table.apart]
    before, after = ({table.id: table for table in one.tables if not table.apart} for _, one in whose)
    part.tables += [joined(before.get(id_), after.get(id_)) for id_ in dict.fromkeys((*before, *after))]
    return part


def _of_counts(document: Document) -> Part:
    counts, who = document["counts"], owners(document)
    rows = _lines(
        counts,
        ("examined", f"{who} examined"),
        ("actors", f"{who} matched"),
        ("alerts", "alerts"),
        ("per_100000_30_days", f"{who} matched per 100,000 and 30 days"),
        ("linked_alerts", "alerts that rest on a link between accounts"),
        ("linked_share", "share of alerts that rest on a link between accounts", "share"),
    )
    part = Part("counts", "What the rule matches")
    part.tables.append(Table("counts-all", "Counts", ("Count", "Value"), rows))
    components = _table(
        "counts-components",
        "How common each component is",
        counts.get("components", ()),
        ("component", "Component"),
        ("actors", f"{who.capitalize()} that have it"),
        ("share", f"Share of {who}", "share"),
        ("events", "Events"),
    )
    if components.rows:
        part.tables.append(components)
    return part


def _of_ordinary(document: Document, scale: Scale) -> Part:
    observed, who = document["counts"]["actors"], owners(document)
    part = Part("ordinary", "What ordinary behaviour alone gives")
    bins = scale.bins
    columns: list[tuple[str, list[int]]] = []
    quick = document.get("quick")
    if quick is not None:
        rows = _lines(quick, ("expected", f"{who} matched, expected"), ("bias", "what is known to be wrong with it"))
        if "why_not" in quick:
            part.lacks(f"No formula: {quick['why_not']}")
        else:
            part.tables.append(Table("ordinary-formula", "By a formula", ("Figure", "Value"), rows))
    deals = _part(document, "deals")
    if "why_not" in deals:
        part.lacks(f"Nothing was dealt again: {deals['why_not']}")
    else:
        by_days = deals["estimator"] == DAYS
        part.says.append(
            "Dealt again: the same incidents at the same places and hours, on other days of the same kind, and the "
            f"rule run on each deal. The {who} that are there again and again then, are so without anybody's intent."
            if by_days
            else f"Dealt again: the same events, dealt out at random among equally busy {who}, and the rule run on "
            "each deal. What it matches there, it matches without anybody's intent."
        )
        rows = _lines(
            deals,
            ("estimator", "estimator"),
            ("deals", "deals"),
            ("mean", f"{who} matched, mean of the deals"),
            ("low", "95 % of the deals, from"),
            ("high", "95 % of the deals, to"),
            ("error", "Monte Carlo error of the mean"),
            ("alerts", "alerts, mean of the deals"),
            ("block", f"equally busy {who} in a block"),
            ("seed", "seed"),
        )
        apart = not scale.one_estimator
        if apart:
            part.says.append(TWO_ESTIMATORS)
        part.tables.append(Table("ordinary-deals", "Dealt again", ("Figure", "Value"), rows, apart=apart))
        columns.append(("deals", deals["counts"]))
        if by_days:
            part.tables.append(
                _table(
                    "ordinary-incidents",
                    "At how many incidents",
                    deals["by_incidents"],
                    ("at_least", "At so many incidents or more"),
                    ("accounts", f"{who.capitalize()}"),
                    ("expected", "By chance, mean"),
                    ("low", "95 % of the deals, from"),
                    ("high", "to"),
                )
            )
    placebos = _part(document, "placebos")
    if "why_not" in placebos:
        part.lacks(f"No made-up rules: {placebos['why_not']}")
    else:
        part.says.append(
            "Made-up rules: rules of other items that are as common, with the same form and window. They keep what "
            "ties ordinary events together (a season, a baby, a barbecue), which dealing takes apart."
        )
        rows = _lines(
            placebos,
            ("rules", "made-up rules"),
            ("median", f"{who} matched, median"),
            ("half", "half of them match"),
            ("range", "95 % of them match"),
            ("rank", "this rule's place among them, from the top"),
            ("factor", "they match so many times what the deals expect"),
            ("variation", "and vary by this much more than chance (coefficient of variation)"),
            ("expected", "the deals' mean, calibrated by them"),
            ("calibrated", "the deals' 95 % range, calibrated by them"),
            ("drift", "and drift by this much between the halves of the log (coefficient of variation)"),
            ("alike", "their components are as common as this rule's, within", "share"),
        )
        part.tables.append(Table("ordinary-placebos", "Made-up rules", ("Figure", "Value"), rows))
        columns.append(("made-up rules", placebos["counts"]))
    columns = [(of, values) for of, values in columns if values]
    for of, values in columns:
        title = f"What {of} match"
        part.charts.append(histogram(f"chart-{of.split()[-1]}", title, of, values, observed, bins, who))
    if columns:
        counted = [bins.counted(values) for _, values in columns]
        here = bins.counted([observed]).index(1)
        part.tables.append(
            Table(
                "ordinary-histogram",
                "How many of them match so many actors",
                (f"{who.capitalize()} matched", *(of for of, _ in columns), "this rule"),
                tuple(
                    (bins.name(bin_), *(Figure(column[bin_]) for column in counted), "here" if bin_ == here else "")
                    for bin_ in range(bins.number)
                ),
                folded=True,
            )
        )
    return part


def _of_ratio(document: Document, scale: Scale) -> Part:
    ratio, who = _part(document, "ratio"), owners(document)
    part = Part("ratio", "Observed against expected")
    if "why_not" in ratio:
        part.lacks(ratio["why_not"])
    rows = _lines(
        ratio,
        ("observed", f"{who} matched, observed"),
        ("expected", f"{who} matched, expected"),
        ("ratio", "observed by expected, shrunk"),
        ("low", "95 % interval, from"),
        ("high", "95 % interval, to"),
        ("information", "information component (its logarithm, base 2)"),
        ("information_low", "information component, lower end"),
    )
    if rows:
        part.says.append(
            "One half is added to both sides, so that small numbers make no large ratios. A ratio above one is "
            "normal for harmless rules, and evidence about nobody."
        )
        part.tables.append(
            Table("ratio-all", "Observed against expected", ("Figure", "Value"), rows, apart=not scale.one_estimator)
        )
    return part


def _of_calendar(document: Document, scale: Scale) -> Part:
    part = Part("calendar", "Alerts per week")
    weeks = _rows(document, "calendar")
    if not weeks:
        part.lacks(_why(document, "calendar") or "There is no week in the log to count alerts of.")
        return part
    part.charts.append(calendar("chart-weeks", weeks, scale.alerts_in_a_week))
    table = _table(
        "calendar-all",
        "Alerts per week",
        weeks,
        ("week", "Week"),
        ("begins", "Begins on"),
        *((("days", "Days of it in the log"),) if "days" in weeks[0] else ()),
        ("alerts", "Alerts"),
    )
    part.tables.append(replace(table, names=len(table.heads) - 1, folded=True))
    return part


def _of_neighbours(document: Document, scale: Scale) -> Part:
    part = Part("neighbours", "Rules next to this one")
    why = _why(document, "neighbours")
    if why or not _rows(document, "neighbours"):
        part.lacks(why or "No rule next to this one was tried.")
        return part
    rows = _with_itself(document)
    part.says.append("What the rule would match if one thing in it were other.")
    part.charts.append(neighbours("chart-neighbours", _drawn(rows), scale.actors_of_a_neighbour, owners(document)))
    table = _table(
        "neighbours-all",
        "Rules next to this one",
        rows,
        ("name", "Rule"),
        ("change", "What is other"),
        ("actors", owners(document).capitalize()),
        ("alerts", "Alerts"),
        ("alerts_per_day", "Alerts a day"),
    )
    part.tables.append(replace(table, names=2))
    return part


def _of_base_rates(document: Document) -> Part:
    part = Part("base-rates", "Alerts to read per true one")
    why = _why(document, "base_rates")
    if why or not _rows(document, "base_rates"):
        part.lacks(why or MISSING["why_not"])
        return part
    part.says.append(
        "If what the rule looks for were true of one in so many, and the rule found the given share of them, "
        "a person would read so many alerts for each true one. How common it truly is, no log says."
    )
    table = _table(
        "base-rates-all",
        "Alerts to read per true one, by how common it is",
        _rows(document, "base_rates"),
        ("one_in", "True of one in"),
        ("prevalence", "Prevalence", "share"),
        ("recall", "Share found", "share"),
        ("alerts_per_true", "Alerts read per true one"),
    )
    part.tables.append(replace(table, names=3))
    return part


def _of_precision(document: Document) -> Part:
    precision = _part(document, "precision")
    part = Part("precision", "What people decided")
    if "why_not" in precision:
        part.lacks(precision["why_not"])
    rows = _lines(
        precision,
        ("suspicious", "decided suspicious"),
        ("benign", "decided benign"),
        ("inconclusive", "decided inconclusive"),
        ("undecided", "not decided yet"),
        ("share", "suspicious among suspicious and benign", "share"),
        ("low", "95 % interval (Jeffreys), from", "share"),
        ("high", "95 % interval (Jeffreys), to", "share"),
    )
    if rows:
        part.tables.append(Table("precision-all", "Dispositions", ("Figure", "Value"), rows))
    return part


def _of_load(document: Document) -> Part:
    load = _part(document, "load")
    part = Part("load", "What there is to read in a day")
    if "why_not" in load:
        part.lacks(load["why_not"])
    if load.get("says"):
        part.says.append(str(load["says"]))
    rows = _lines(
        {**load, **({"capacity": "not stated"} if "capacity" in load and load["capacity"] is None else {})},
        ("alerts_per_day", "alerts a day of this rule"),
        ("others_per_day", "alerts a day of the other live rules"),
        ("capacity", "alerts that the analysts can read in a day"),
        ("share", "share of the capacity that is taken", "share"),
    )
    if rows:
        part.tables.append(Table("load-all", "Load against capacity", ("Figure", "Value"), rows))
    return part


def _of_overlap(document: Document) -> Part:
    part = Part("overlap", "Overlap with other live rules")
    rows, who = _rows(document, "overlap"), owners(document)
    if not rows:
        part.lacks(_why(document, "overlap") or "There is no other live rule.")
        return part
    part.says.append(f"{who.capitalize()} are counted once for each rule.")
    together = _part(document, "overlap_any")
    if len(rows) > 1 and "why_not" not in together:
        rows = [*rows, {"rule": "any of them, each counted once", **together}]
    table = _table(
        "overlap-all",
        f"{who.capitalize()} that other live rules match as well",
        rows,
        ("rule", "Rule"),
        ("actors", f"{who.capitalize()} it matches"),
        ("shared", f"{who.capitalize()} that both match"),
    )
    part.tables.append(table)
    return part


def _of_examples(document: Document) -> Part:
    examples = _part(document, "examples")
    part = Part("examples", "Alerts to look at")
    if "why_not" in examples:
        part.lacks(examples["why_not"])
    kinds = (("typical", "Typical alerts"), ("odd", "Odd alerts"))
    for kind, caption in kinds:
        rows = _rows(examples, kind)
        if not rows:
            if "why_not" not in examples:
                part.lacks(_why(examples, kind) or f"{caption}: there are none.")
            continue
        table = _table(
            f"examples-{kind}",
            caption,
            rows,
            ("actor", "Whose"),
            ("first_at", "First hit", "time"),
            ("last_at", "Latest hit", "time"),
            ("hits", "Hits"),
            ("because", "Why it was raised"),
        )
        part.tables.append(replace(table, apart=True))
    if part.tables:
        part.says.append(
            "Typical and odd say how an alert lies among the alerts of this rule, and nothing about who is behind it. "
            "Names are keyed pseudonyms."
        )
    return part


def _of_parameters(document: Document) -> Part:
    parameters = _part(document, "parameters")
    part = Part("parameters", "Parameters, and what they change")
    if "why_not" in parameters:
        part.lacks(parameters["why_not"])
        return part
    rows = tuple((name, CHANGES.get(name, ""), _plain(value)) for name, value in parameters.items())
    if not rows:
        part.lacks("It has none.")
        return part
    heads = ("Parameter", "What it changes", "Value")
    part.tables.append(Table("parameters-all", "Parameters", heads, rows, names=2))
    return part


def owners(document: Document) -> str:
    """What the rule counts, in the plural."""
    return paragraph.owners(str(document["log"]["by"]))


def _part(document: Document, name: str) -> Mapping[str, Any]:
    """A part of the document, or why there is none."""
    found: Mapping[str, Any] | None = document.get(name)
    return MISSING if found is None else found


def _rows(document: Document, name: str) -> list[dict[str, Any]]:
    """The rows of a part; none if it says why not."""
    found = document.get(name)
    return [] if found is None or isinstance(found, Mapping) else list(found)


def _why(document: Document, name: str) -> str | None:
    found = document.get(name)
    return str(found["why_not"]) if isinstance(found, Mapping) else None


def _counts(document: Document, name: str) -> list[int]:
    return list(_part(document, name).get("counts", ()))


def _with_itself(document: Document) -> list[dict[str, Any]]:
    """The rows of the neighbours, and before them that of the rule itself."""
    counts = document["counts"]
    itself = {
        "name": ITSELF,
        "change": "nothing",
        "actors": counts["actors"],
        "alerts": counts["alerts"],
        "alerts_per_day": _part(document, "load").get("alerts_per_day"),
    }
    return [itself, *_rows(document, "neighbours")]


def _drawn(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that have a number to draw."""
    return [row for row in rows if isinstance(row["actors"], int)]


def _lines(found: Mapping[str, Any], *members: tuple[str, str] | tuple[str, str, Form]) -> tuple[tuple[Cell, ...], ...]:
    """A row for each member that is there: what it is, and its figure. A member that is not known here has its name."""
    known = {member[0] for member in members}
    others = [(name, name.replace("_", " ")) for name in found if name not in known | ELSEWHERE]
    return tuple(
        (member[1], cell(found[member[0]], *member[2:]))
        for member in (*members, *others)
        if found.get(member[0]) is not None
    )


def _table(
    id_: str,
    caption: str,
    rows: Sequence[Mapping[str, Any]],
    *members: tuple[str, str] | tuple[str, str, Form | Literal["time"]],
) -> Table:
    """A row for each of ``rows``, a column for each member."""
    return Table(
        id_,
        caption,
        tuple(member[1] for member in members),
        tuple(tuple(cell(row.get(member[0]), *member[2:]) for member in members) for row in rows),
    )


def _plain(value: Any) -> Cell:
    """A parameter, of whatever kind: lists as text."""
    if isinstance(value, list):
        return ", ".join(Figure(one).shown if isinstance(one, int | float) else str(one) for one in value)
    if isinstance(value, Mapping) and "why_not" not in value:
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    return cell(value)
