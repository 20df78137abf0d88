"""What can be wrong in rule files: one class per cause. The docstrings are the pages of the codes.

``COI-R00x`` is the file, ``COI-R01x`` to ``COI-R04x`` the rule, ``COI-R05x`` and ``COI-R06x`` its
expressions, ``COI-R07x`` its tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from coincide.errors import CoincideError, Where


class RuleError(CoincideError):
    """The root of everything that can be wrong in a rule file."""


def did_you_mean(wrong: str, known: Iterable[str], *, most: int = 12) -> str | None:
    """A hint: the nearest known name, else the known names if they are few, else nothing."""
    names = sorted(known)
    near = nearest(wrong, names)
    if near is not None:
        return f"did you mean `{near}`?"
    if 0 < len(names) <= most:
        return f"known: {listed(names)}"
    return None


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that is close enough to be what was meant."""
    if len(wrong) > 100:
        return None
    near = get_close_matches(wrong.lower(), sorted(known), n=1, cutoff=0.7)
    return near[0] if near else None


def listed(names: Iterable[str], joined: str = ", ") -> str:
    """Names inside a sentence, each as code."""
    return joined.join(f"`{name}`" for name in names)


def shown(text: str, most: int = 60) -> str:
    """A user's text inside a sentence: on one line, cut, control characters made visible."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return visible if len(visible) <= most else f"{visible[: most - 1]}…"


# --- the file ---------------------------------------------------------------------------------------------


class FileUnreadable(RuleError):
    """A rule file cannot be opened or read.

    The file named on the command line or found by `rules` in `coincide.toml` is missing, is a folder, or may
    not be read by you. Check the path and its permissions.
    """

    code = "COI-R001"

    def __init__(self, reason: str, *, where: Where) -> None:
        super().__init__(f"this rule file cannot be read: {reason}", where=where, hint="check the path")


class NotUtf8(RuleError):
    """A rule file is not UTF-8 text.

    Rule files are UTF-8. Save the file as UTF-8 in your editor; a file that holds something else than text
    (an archive, a spreadsheet) is no rule file.
    """

    code = "COI-R002"

    def __init__(self, *, where: Where) -> None:
        super().__init__("this file is not UTF-8 text", where=where, hint="save it as UTF-8")


class FileTooLarge(RuleError):
    """A rule file is larger than 1 MB.

    No hand-written rule comes near this size, and the limit keeps a hostile file from holding up the machine.
    Split the rules into several files.
    """

    code = "COI-R003"

    def __init__(self, size: int, limit: int, *, where: Where) -> None:
        super().__init__(
            f"this rule file has {size:,} bytes, more than the {limit:,} that are read",
            where=where,
            hint="split it into several files",
        )


class YamlSyntax(RuleError):
    """A rule file is not YAML.

    The underlined place is where reading stopped; the cause is there or a little above. Frequent ones: a tab
    used to indent, a missing space after a colon, a text that starts with a quote or holds `: ` or ` #`
    (put the whole text into double quotes), a bracket that is not closed.
    """

    code = "COI-R004"

    def __init__(self, reason: str, *, where: Where, hint: str | None = None) -> None:
        super().__init__(
            f"this is not YAML: {shown(reason, 120)}",
            where=where,
            hint=hint or "the cause is here or just above; a text with `: `, ` #` or a quote in front needs quotes",
        )


class YamlRefused(RuleError):
    """A rule file uses a part of YAML that rules do without.

    Anchors (`&a`), aliases (`*a`), merge keys (`<<`), tags (`!x`) and directives (`%`) are refused: they make
    a rule hard to review, and a few hundred bytes of them can hold up the machine. Write the value out.
    """

    code = "COI-R005"

    def __init__(self, part: str, *, where: Where) -> None:
        super().__init__(f"{part} are not read in rule files", where=where, hint="write the value out")


class YamlTooDeep(RuleError):
    """A rule file nests lists and mappings more than 30 deep.

    No rule needs it. Look for brackets that are not closed.
    """

    code = "COI-R006"

    def __init__(self, limit: int, *, where: Where) -> None:
        super().__init__(
            f"lists and mappings are nested more than {limit} deep",
            where=where,
            hint="look for brackets that are not closed",
        )


class DuplicateKey(RuleError):
    """A key stands twice in one mapping.

    YAML readers differ in which of the two they take, so neither is taken. Remove one.
    """

    code = "COI-R007"

    def __init__(self, key: str, first_line: int, *, where: Where) -> None:
        super().__init__(
            f"`{shown(key)}` stands twice in one mapping, first in line {first_line}",
            where=where,
            hint="remove one of the two",
        )


class NoRule(RuleError):
    """A rule file holds no rule, or a document in it is something else than a rule.

    Each document of a rule file is one mapping that starts with `rule:`; `coincide rules new` writes one.
    """

    code = "COI-R008"

    def __init__(self, found: str, *, where: Where) -> None:
        super().__init__(
            f"a rule is expected here, found {found}",
            where=where,
            hint="a rule starts with `rule: its-id`; `coincide rules new` writes a skeleton",
        )


class TooManyProblems(RuleError):
    """A rule file has more problems than are shown.

    After 100 problems the rest of the file is not checked; a file with so many is mostly something else than
    rules. Mend what is shown, and check again.
    """

    code = "COI-R080"

    def __init__(self, limit: int, *, where: Where) -> None:
        super().__init__(
            f"this file has more than {limit} problems; from here on it was not checked",
            where=where,
            hint="mend what is shown, and check again",
        )


class RuleFileExists(RuleError):
    """`coincide rules new` was called for a rule whose file is there already. Nothing was changed.

    `new` never overwrites. Choose another id, or edit the file.
    """

    code = "COI-R009"
    exit_status = 2

    def __init__(self, file: str) -> None:
        super().__init__("this rule file is there already", where=Where(file), hint="choose another id, or edit it")


class SigmaRule(RuleError):
    """A document is a Sigma rule, not one of Coincide: it has `logsource` and `detection`.

    A Sigma rule matches single events of a log, one by one. A rule of Coincide looks at the purchases or journeys
    of one actor together, over a window of time, so that there is no translation from one to the other. Keep the
    Sigma rule where logs are searched, or say anew what is to be found: `coincide rules new` begins a rule.
    """

    code = "COI-R081"

    def __init__(self, *, where: Where) -> None:
        super().__init__(
            "this is a Sigma rule: it matches single events of a log, and rules here are over purchases and journeys",
            where=where,
            hint="keep it out of `rules`; `coincide rules new ID` begins a rule over what an actor does in a window",
        )


class NotFormatted(RuleError):
    """`coincide rules fmt` could not lay out a rule file without changing what it says, and left it as it is.

    What was laid out is read again and compared with the file: all values and all comments. Here they differed,
    which is a mistake of the formatter. Please report the file; nothing in it needs mending.
    """

    code = "COI-R082"

    def __init__(self, *, where: Where) -> None:
        super().__init__(
            "this file cannot be laid out without changing it, so it was left as it is",
            where=where,
            hint="please report it with the file",
        )


# --- the rule ---------------------------------------------------------------------------------------------


class UnknownKey(RuleError):
    """A rule has a key that rules do not have there.

    A misspelt key is refused, never passed over: it would silently be a default. The hint names the nearest
    known key; the reference of the rule language lists them all.
    """

    code = "COI-R010"

    def __init__(self, key: str, place: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(
            f"{place} has no key `{shown(key)}`",
            where=where,
            hint=did_you_mean(key, known) or "the keys are in the reference of the rule language",
        )


class MissingKey(RuleError):
    """A rule lacks a key that it must have.

    The hint says what to write. The reference of the rule language says what each key means.
    """

    code = "COI-R011"

    def __init__(self, key: str, place: str, example: str | None, *, where: Where) -> None:
        super().__init__(f"{place} needs `{key}`", where=where, hint=f"add `{example}`" if example else None)


class WrongType(RuleError):
    """A value of a rule is of another type than expected there: a list for a text, a text for a number.

    Write what the sentence asks for. A text that looks like a number may need quotes, and the other way round.
    """

    code = "COI-R012"

    def __init__(self, key: str, expected: str, found: str, *, where: Where) -> None:
        super().__init__(f"`{shown(key)}` is {expected}, not {found}", where=where)


class WrongChoice(RuleError):
    """A value of a rule is not one of those that exist.

    For instance a status other than draft, shadow, live and retired.
    """

    code = "COI-R013"

    def __init__(self, key: str, found: str, choices: Iterable[str], *, where: Where) -> None:
        super().__init__(f"`{key}` cannot be `{shown(found)}`", where=where, hint=did_you_mean(found, choices))


class BadName(RuleError):
    """A name is not written as names are.

    The id of a rule and the names of components are small letters, digits and single hyphens between them,
    at most 63 characters, starting with a letter: `steel-balls`.
    """

    code = "COI-R014"

    def __init__(self, what: str, found: str, *, where: Where, hint: str | None = None) -> None:
        super().__init__(
            f"`{shown(found)}` is no {what}: small letters, digits and hyphens, starting with a letter",
            where=where,
            hint=hint,
        )


class DuplicateRule(RuleError):
    """Two rules have one id.

    Alerts, suppressions and decisions name the rule by its id, so it must be unique in all rule files of the
    workspace. Rename one of the two; a renamed rule is a new rule.
    """

    code = "COI-R015"

    def __init__(self, rule: str, first: str, *, where: Where) -> None:
        super().__init__(
            f"two rules have the id `{rule}`, the other is at {first}", where=where, hint="rename one of them"
        )


class NoneOfOne(RuleError):
    """A rule lacks one of several keys of which it must have exactly one.

    A rule says exactly one of `combination`, `velocity`, `threshold`, `sequence` and `ratio`; exactly one of
    `within` and `per`; a threshold exactly one of `more_than` and `at_least`; a line of `given` what was bought.
    """

    code = "COI-R016"

    def __init__(self, place: str, keys: Sequence[str], *, where: Where) -> None:
        super().__init__(f"{place} needs one of {listed(keys)}", where=where)


class TwoOfOne(RuleError):
    """A rule has two of several keys of which it may have only one.

    Two kinds in one rule (`combination` and `velocity`, say) would be two questions: write two rules. A rule
    has either a sliding window (`within`) or local days (`per: day`).
    """

    code = "COI-R017"

    def __init__(self, what: str, keys: Sequence[str], *, where: Where) -> None:
        super().__init__(
            f"two {what} in one rule: {listed(keys, ' and ')}",
            where=where,
            hint="keep one; write a second rule if both are meant",
        )


class KeyNotTaken(RuleError):
    """A key exists in the language but says nothing in this place.

    For instance `unit` for a threshold that sums pieces, or `components` for a combination, which names its
    components itself. Remove it, so that nobody takes it for a condition.
    """

    code = "COI-R018"

    def __init__(self, key: str, place: str, *, where: Where, hint: str | None = None) -> None:
        super().__init__(f"{place} takes no `{key}`", where=where, hint=hint or f"remove `{key}`")


class RepeatedValue(RuleError):
    """A list names the same thing twice.

    Components, events and reasons of a rule are each named once. (Steps of a sequence may repeat.)
    """

    code = "COI-R019"

    def __init__(self, key: str, value: str, *, where: Where) -> None:
        super().__init__(f"`{shown(value)}` stands twice in `{key}`", where=where, hint="remove one")


class BadDuration(RuleError):
    """A length of time is not written as lengths of time are.

    It is a whole number and one of minutes, hours, days and weeks: `30 days`. A day is 24 hours; for days of
    the calendar use `per: day`.
    """

    code = "COI-R020"

    def __init__(self, key: str, found: str, *, where: Where) -> None:
        super().__init__(
            f"`{key}` is a whole number of minutes, hours, days or weeks, not `{shown(found)}`",
            where=where,
            hint="for instance `30 days`",
        )


class WindowNotPositive(RuleError):
    """A window or gap has a length of zero or below.

    A window of zero holds nothing. Give a length, such as `30 days`.
    """

    code = "COI-R021"

    def __init__(self, key: str, found: str, *, where: Where) -> None:
        super().__init__(
            f"`{key}` must be longer than zero, not `{shown(found)}`", where=where, hint="for instance `30 days`"
        )


class WindowTooLong(RuleError):
    """A window or gap is too long.

    A window is at most 3,660 days: what a rule selects is kept until its window has passed. The gap of a
    sequence is at most its window, since a longer one would never be asked.
    """

    code = "COI-R022"

    def __init__(self, key: str, found: str, limit: str, *, where: Where) -> None:
        super().__init__(f"`{key}` is at most {limit}, not `{shown(found)}`", where=where)


class UnknownZone(RuleError):
    """A time zone is not in the IANA time zone database.

    Zones are named like `Europe/Paris`; abbreviations such as CET are ambiguous or lack summer time.
    """

    code = "COI-R023"

    def __init__(self, zone: str, known: Iterable[str], *, where: Where) -> None:
        names = {name.lower(): name for name in known}
        near = nearest(zone, names)
        hint = f"did you mean `{names[near]}`?" if near else "for instance `Europe/Paris`"
        super().__init__(f"there is no time zone `{shown(zone)}`", where=where, hint=hint)


class UnknownKind(RuleError):
    """A rule names a kind of event that does not exist.

    The kinds are purchase, return, refund, tap and incident.
    """

    code = "COI-R024"

    def __init__(self, kind: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(f"there is no kind of event `{shown(kind)}`", where=where, hint=did_you_mean(kind, known))


class UnknownBy(RuleError):
    """A rule groups events by something that does not exist.

    `by` is `actor`, `account`, `organisation`, or `link.` and a kind of identifier, such as `link.card`.
    """

    code = "COI-R025"

    def __init__(self, by: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(f"events cannot be grouped by `{shown(by)}`", where=where, hint=did_you_mean(by, known))


class UnknownLink(RuleError):
    """A rule names a kind of identifier that no source maps.

    Kinds of identifiers are the keys of `[sources.NAME.links]` and `[links.NAME.links]` in `coincide.toml`.
    """

    code = "COI-R026"

    def __init__(self, kind: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(
            f"no source maps links of the kind `{shown(kind)}`",
            where=where,
            hint=did_you_mean(kind, known) or "map it in `[sources.NAME.links]` of coincide.toml",
        )


class UnknownComponent(RuleError):
    """A rule names a component that no item of the catalog has.

    The rule could never fire on it. Mend the name, or give the component to items in the catalog.
    """

    code = "COI-R027"

    def __init__(self, component: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(
            f"no item of the catalog has the component `{shown(component)}`",
            where=where,
            hint=did_you_mean(component, known) or "add it to the catalog",
        )


class NothingNamed(RuleError):
    """A list that must name something is empty.

    A combination needs at least one component, `components` at least one to filter by, `events` at least one kind,
    and `innocent` at least one ordinary explanation.
    """

    code = "COI-R028"

    def __init__(self, key: str, *, where: Where) -> None:
        super().__init__(f"`{key}` names nothing", where=where, hint="name at least one")


class MoreThanNamed(RuleError):
    """A combination asks for more components than it names, or an unusual day for more features.

    It could never fire. Lower `at_least`, or name more of them.
    """

    code = "COI-R029"

    def __init__(self, at_least: int, named: int, what: str = "components", *, where: Where) -> None:
        super().__init__(
            f"`at_least: {at_least}` asks for more {what} than the {named} in `of`",
            where=where,
            hint=f"`at_least` is at most {named}",
        )


class CountNotPositive(RuleError):
    """A count is below 1, or not a whole number.

    `at_least` counts components or observations; with 0 every event would be an alert.
    """

    code = "COI-R030"

    def __init__(self, key: str, found: str, *, where: Where) -> None:
        super().__init__(f"`{key}` is a whole number from 1 to 1,000,000, not {shown(found)}", where=where)


class MinimumNotPositive(RuleError):
    """The minimum total of a component is zero or below.

    A component with `quantity: 2` is covered once two pieces were bought in the window. Zero would cover it
    with nothing.
    """

    code = "COI-R031"

    def __init__(self, component: str, *, where: Where) -> None:
        super().__init__(f"the minimum quantity of `{shown(component)}` must be above 0", where=where)


class TooFewSteps(RuleError):
    """A sequence has fewer than two steps.

    One step is no sequence; use `velocity` with `components` for a single component.
    """

    code = "COI-R033"

    def __init__(self, steps: int, *, where: Where) -> None:
        super().__init__(f"a sequence needs at least two steps, not {steps}", where=where)


class BadNumber(RuleError):
    """A number is larger or finer than quantities can be.

    Numbers have at most 18 digits and 9 decimals, written plainly, so that sums are exact.
    """

    code = "COI-R034"

    def __init__(self, found: str, *, where: Where) -> None:
        super().__init__(
            f"`{shown(found)}` is no number of at most 18 digits and 9 decimals, written plainly", where=where
        )


class UnknownField(RuleError):
    """A rule reads a field that events do not have.

    Events have the core fields of the reference, `link.<kind>` for identifiers, and `attributes.<name>` for
    attributes that are declared and reviewed in `coincide.toml`.
    """

    code = "COI-R035"

    def __init__(self, name: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(
            f"events have no field `{shown(name)}`",
            where=where,
            hint=did_you_mean(name, known) or "a text is put in single quotes: 'text'",
        )


class UndeclaredAttribute(RuleError):
    """A rule reads an attribute that `coincide.toml` does not declare.

    Only attributes that a person has reviewed may decide about people. Declare it in `[attributes.NAME]` with
    its type, `reviewed_by` and `reviewed_on`.
    """

    code = "COI-R036"

    def __init__(self, name: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(
            f"the attribute `{shown(name)}` is not declared",
            where=where,
            hint=did_you_mean(name, known, most=0) or "declare and review it in `[attributes]` of coincide.toml",
        )


class UnreviewedAttribute(RuleError):
    """A rule reads an attribute that nobody has reviewed.

    An attribute is usable in rules once `coincide.toml` says who found it fit (`reviewed_by`) and when
    (`reviewed_on`).
    """

    code = "COI-R037"

    def __init__(self, name: str, *, where: Where) -> None:
        super().__init__(
            f"the attribute `{shown(name)}` has not been reviewed",
            where=where,
            hint=f"a person reviews it and sets `reviewed_by` and `reviewed_on` in `[attributes.{shown(name)}]`",
        )


class SpecialCategory(RuleError):
    """A rule reads an attribute of a special category of personal data.

    Ethnicity, religion or belief, political opinion, health, sexuality, union membership, biometric and
    genetic data (Regulation (EU) 2016/679, Article 9(1); citation unchecked) are refused in rules whatever was
    reviewed. If the attribute is something else and only named like one, rename it.
    """

    code = "COI-R038"

    def __init__(self, name: str, word: str, *, where: Where) -> None:
        super().__init__(
            f"the attribute `{shown(name)}` is of a special category of personal data (`{word}`), "
            "which no rule may read",
            where=where,
            hint="GDPR, Article 9(1) (citation unchecked); rename the attribute if it is something else",
        )


class UnknownList(RuleError):
    """A rule names a managed list that does not exist.

    Managed lists are the files of `lists/*.csv`, each named after its file: `lists/licences.csv` is
    `list('licences')`.
    """

    code = "COI-R039"

    def __init__(self, name: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(
            f"there is no managed list `{shown(name)}`",
            where=where,
            hint=did_you_mean(name, known) or f"add lists/{shown(name)}.csv",
        )


class RatioOfOtherEvents(RuleError):
    """A ratio counts two kinds of event, and `events` names others.

    `ratio: {of: refund, to: purchase, ...}` goes with `events: [purchase, refund]`: a kind that is not named there is
    never seen, and the rule would never hold; a third kind would be looked at and counted nowhere. For the same
    reason a ratio within one kind (of purchases at night to all purchases, say) cannot be asked for.
    """

    code = "COI-R041"

    def __init__(self, of: str, to: str, *, where: Where) -> None:
        super().__init__(
            f"a ratio of `{of}` to `{to}` looks at these two kinds of event, so `events` names them and no other",
            where=where,
            hint=f"events: [{to}, {of}]",
        )


class RatioToItself(RuleError):
    """A ratio compares a kind of event with itself.

    There are always as many of a kind as there are of it. Name two kinds: `of: refund, to: purchase`. To count events
    of one kind, use `velocity`.
    """

    code = "COI-R042"

    def __init__(self, kind: str, *, where: Where) -> None:
        super().__init__(
            f"`of` and `to` of a ratio are both `{kind}`", where=where, hint="name two kinds, or use `velocity`"
        )


class RatioBelowZero(RuleError):
    """The limit of a ratio is below zero.

    Numbers of events are never below zero, so the rule would hold at every event. `more_than: 0` holds as soon as
    there is one `of`, `more_than: 0.5` where there are more than one for every two `to`.
    """

    code = "COI-R043"

    def __init__(self, *, where: Where) -> None:
        super().__init__("`more_than` of a ratio must be 0 or above", where=where)


class NoBasisForRules(RuleError):
    """A rule names as its basis a law that gives no basis for looking for people in the data.

    Article 18 of Regulation (EU) 2022/2065 (its recital 56 says so; unchecked) makes a provider report what it has come
    to know. It is no ground for searching, so no rule may name it. Name the ground that the processing does rest on; a
    report under that Article can still be drafted from an alert, by a person.
    """

    code = "COI-R045"

    def __init__(self, place: str, because: str, *, where: Where) -> None:
        super().__init__(
            f"{place} is no basis for a rule: {because}",
            where=where,
            hint="name what the processing itself rests on, such as Regulation (EU) 2016/679, Article 6(1)(f)",
        )


class NoSuchObligation(RuleError):
    """A rule's basis names an obligation that does not exist.

    `coincide obligations` lists those that Coincide brings and those of the workspace.
    """

    code = "COI-R046"

    def __init__(self, obligation: str, known: Iterable[str], *, where: Where) -> None:
        hint = did_you_mean(obligation, known)
        super().__init__(f"there is no obligation `{shown(obligation)}`", where=where, hint=hint)


class NoSuchGround(RuleError):
    """A rule's basis names a ground that its obligation does not have.

    What is none of the grounds of the law is none of its reasons for a report, however unusual it looks. `coincide
    obligations ID` lists the grounds.
    """

    code = "COI-R047"

    def __init__(self, ground: str, obligation: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(
            f"`{obligation}` has no ground `{shown(ground)}`", where=where, hint=did_you_mean(ground, known)
        )


class GroundNotShown(RuleError):
    """A rule's basis names a ground of its obligation that no data can show.

    That a customer seems unclear about a use, or will not prove who they are, happens between people. Such grounds are
    left blank in a draft, for a person to fill in; no rule may claim them.
    """

    code = "COI-R048"

    def __init__(self, article: str, can: Sequence[str], *, where: Where) -> None:
        hint = f"a rule can show: {listed(can)}" if can else "a rule can show none of its grounds"
        super().__init__(f"the ground of {article} is not shown by data", where=where, hint=hint)


# --- expressions ------------------------------------------------------------------------------------------


class UnexpectedToken(RuleError):
    """An expression cannot be read at the underlined place.

    Something is missing or stands where it cannot. Texts are in single quotes (`'farm'`), a quote inside a
    text is doubled, `and` and `or` join comparisons.
    """

    code = "COI-R050"

    def __init__(self, expected: str, found: str, *, where: Where, hint: str | None = None) -> None:
        super().__init__(f"{expected} is expected here, found {found}", where=where, hint=hint)


class NotInTheLanguage(RuleError):
    """An expression uses a part of SQL that rules do not have.

    Expressions look like SQL but are a small closed language: comparisons, `and`, `or`, `not`, `in`,
    `between`, `is null`, `like`, arithmetic and the listed functions. Subqueries, casts, CASE, second
    statements, comments, parameters, window functions, regular expressions and the like are refused.
    """

    code = "COI-R051"

    def __init__(self, part: str, *, where: Where, hint: str | None = None) -> None:
        super().__init__(f"{part} not part of the rule language", where=where, hint=hint)


class UnknownFunction(RuleError):
    """An expression calls a function that is not listed.

    The functions are abs, lower, length, local_hour and weekday; `unless` also has count, sum and distinct.
    """

    code = "COI-R052"

    def __init__(self, name: str, known: Iterable[str], *, where: Where) -> None:
        super().__init__(f"there is no function `{shown(name)}`", where=where, hint=did_you_mean(name, known))


class ExpressionTooLong(RuleError):
    """An expression has more than 2,000 characters.

    Long lists of values belong in a managed list: `item in list('name')`.
    """

    code = "COI-R053"

    def __init__(self, length: int, limit: int, *, where: Where) -> None:
        super().__init__(
            f"this expression has {length:,} characters, more than {limit:,}",
            where=where,
            hint="put long lists of values into a managed list: `item in list('name')`",
        )


class ExpressionTooDeep(RuleError):
    """An expression is nested more than 50 deep.

    Parentheses, functions, `not` and chains of arithmetic count. Split the expression or the rule.
    """

    code = "COI-R054"

    def __init__(self, limit: int, *, where: Where) -> None:
        super().__init__(f"this expression is nested more than {limit} deep", where=where, hint="split it")


class NotOneLine(RuleError):
    """An expression goes over several lines.

    Expressions stand on one line, so that an error can be shown at its letter. In YAML write it after the
    key, without `|` or `>`, in double quotes if it starts with a quote or holds `: ` or ` #`.
    """

    code = "COI-R055"

    def __init__(self, key: str, *, where: Where) -> None:
        super().__init__(f"`{key}` goes over several lines", where=where, hint="write it on one line")


class TypeMismatch(RuleError):
    """Two things of different types meet in an expression: a number and a text, say.

    Texts are in single quotes and compare with texts; numbers have no quotes and compare with numbers; times
    compare with times. Text fields that hold digits (`item`, `category`) are texts: `category = '4321'`.
    """

    code = "COI-R056"

    def __init__(self, expected: str, found: str, *, where: Where, hint: str | None = None) -> None:
        super().__init__(f"{expected} is expected here, this is {found}", where=where, hint=hint)


class NotCondition(RuleError):
    """`where` or `unless` is not something that is true or false.

    It must be a comparison, or comparisons joined by `and`, `or` and `not`: `quantity > 0`.
    """

    code = "COI-R057"

    def __init__(self, key: str, found: str, *, where: Where) -> None:
        super().__init__(
            f"`{key}` must be a condition, this is {found}", where=where, hint="compare it: `quantity > 0`"
        )


class AggregateInWhere(RuleError):
    """`where` uses count, sum or distinct.

    `where` looks at one event at a time. What is counted over the window belongs in `unless`, or is what
    `velocity` and `threshold` are for.
    """

    code = "COI-R058"

    def __init__(self, name: str, *, where: Where) -> None:
        super().__init__(
            f"`{name}` looks at the whole window and cannot stand in `where`",
            where=where,
            hint="use it in `unless`, or make a `velocity` or `threshold` rule",
        )


class WrongArguments(RuleError):
    """A function is called with other arguments than it takes.

    abs takes a number, lower and length a text, local_hour and weekday take `occurred_at` and nothing else,
    count takes nothing, sum a field that holds numbers, distinct a field.
    """

    code = "COI-R059"

    def __init__(self, name: str, takes: str, *, where: Where) -> None:
        super().__init__(f"`{name}` takes {takes}", where=where)


class NullLiteral(RuleError):
    """An expression compares with NULL.

    Nothing is equal to a missing value, so the comparison would never be true. Ask `is null` or `is not null`.
    """

    code = "COI-R060"

    def __init__(self, *, where: Where) -> None:
        super().__init__("`null` stands only in `is null` and `is not null`", where=where, hint="write `field is null`")


class MisplacedList(RuleError):
    """`list('name')` stands elsewhere than after `in`, or the part before `in` is no field.

    A managed list is asked with `field in list('name')` or `field not in list('name')`.
    """

    code = "COI-R061"

    def __init__(self, *, where: Where) -> None:
        super().__init__(
            "`list('name')` stands only in `field in list('name')`",
            where=where,
            hint="for instance `account in list('licences')`",
        )


# --- tests inside rules -----------------------------------------------------------------------------------


class BadTime(RuleError):
    """A time in a test is not written as times are.

    Write a date (`2025-03-01`) or a date and time (`2025-03-01 14:30`), from 1970 to 2200. Times are UTC
    unless they carry an offset (`2025-03-01T14:30:00+01:00`).
    """

    code = "COI-R070"

    def __init__(self, key: str, found: str, *, where: Where) -> None:
        super().__init__(
            f"`{shown(key)}` is a date or a date and time from 1970 to 2200, not `{shown(found)}`",
            where=where,
            hint="for instance `2025-03-01` or `2025-03-01 14:30`",
        )


class BadExpect(RuleError):
    """What a test expects is not written as expectations are.

    Write `no alert`, `1 alert` or another number of `alerts`.
    """

    code = "COI-R071"

    def __init__(self, found: str, *, where: Where) -> None:
        super().__init__(
            f"`expect` is `no alert`, `1 alert` or another number of alerts, not `{shown(found)}`", where=where
        )


# --- rules over journeys ----------------------------------------------------------------------------------


class KindGoesWith(RuleError):
    """A rule over journeys lacks what its kind goes with, or says something else.

    `presence` and `unusual-day` look at taps (`events: tap`) of one card at a time (`by: account`): who holds which
    cards is not joined for them. An unusual day is a day of service (`per: service-day`).
    """

    code = "COI-R083"

    def __init__(self, kind: str, wanted: str, *, where: Where) -> None:
        super().__init__(f"`{kind}` goes with `{wanted}`", where=where, hint=f"write `{wanted}`")


class UnknownFeature(RuleError):
    """A rule names a feature of a day of riding that does not exist.

    The reference of journeys defines them: trips, short_share, quick and others.
    """

    code = "COI-R084"

    def __init__(self, found: str, known: Iterable[str], *, where: Where) -> None:
        names = tuple(known)
        super().__init__(
            f"there is no feature `{shown(found)}` of a day of riding",
            where=where,
            hint=did_you_mean(found, names) or f"one of {', '.join(names)}",
        )


class PercentOutside(RuleError):
    """A percentage of a rule is below 0, or 100 or more.

    `beyond: 99.9` asks that 99.9 percent of the others are lower; nobody is above all including themselves, so that
    100 could never hold.
    """

    code = "COI-R085"

    def __init__(self, key: str, *, where: Where) -> None:
        super().__init__(
            f"`{key}` is a percentage from 0 to less than 100", where=where, hint=f"for instance `{key}: 99.9`"
        )


class ModelRefused(RuleError):
    """A trained model, or a key that asks for one, stands where a rule should be. Coincide runs none.

    A system that assesses from profiling alone who may commit an offence must not be placed on the market (Regulation
    (EU) 2024/1689, Article 5(1)(d); open source is not exempt, Article 2(12); unchecked). A rule says in words which
    acts are looked for, so that whoever is concerned can be told and can answer.
    """

    code = "COI-R086"

    def __init__(self, *, where: Where) -> None:
        super().__init__(
            "a trained model is no rule: rating persons by their behaviour is what Regulation (EU) 2024/1689, "
            "Article 5(1)(d), forbids",
            where=where,
            hint="say which acts are looked for: `coincide rules new ID` begins a rule",
        )


class JudgesPersons(RuleError):
    """A rule reads an attribute that says what kind of person somebody is taken for: a class, a label, a risk.

    Such a field is an assessment of a person, whoever made it (Regulation (EU) 2024/1689, Article 5(1)(d); unchecked),
    or the answer of a simulation, which no log has. Rules look at acts. It is refused whoever has reviewed it.
    """

    code = "COI-R087"

    def __init__(self, name: str, word: str, *, where: Where) -> None:
        super().__init__(
            f"the attribute `{shown(name)}` says what somebody is taken for (`{word}`), "
            "which Regulation (EU) 2024/1689, Article 5(1)(d), forbids to decide by",
            where=where,
            hint="say which acts are looked for instead",
        )


# --- rules under a name -----------------------------------------------------------------------------------


class NothingCalledSo(CoincideError):
    """A name was given to compare rules with, and nothing is called so.

    `coincide rules diff` takes a rule file, a folder, a revision that git knows (`HEAD~1`, a branch, a tag, a commit),
    a file at a revision (`HEAD~1:rules/some-rule.yaml`, named from the workspace on), or a rule pack in the version
    that is installed (`eu-2019-1148`, `eu-2019-1148@1`). Without git, or outside of a repository, there are no
    revisions; a repository that git refuses to read (`safe.directory`) counts as none.
    """

    code = "COI-R090"
    exit_status = 2

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no file, folder, git revision or rule pack is called `{shown(name)}`",
            hint="for instance `HEAD~1`, `HEAD~1:rules/some-rule.yaml` or `rules/some-rule.yaml`",
        )


class NoRulesThere(CoincideError):
    """The folder or revision is there, and there is no rule file in it.

    In a workspace, and at a revision, rules are where `rules` of its `coincide.toml` says; of another folder its
    `*.yaml` files are taken. A file behind a revision is named from the workspace on.
    """

    code = "COI-R091"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no rule file in `{shown(name)}`", hint="look where `rules` of coincide.toml points")
