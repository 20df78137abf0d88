"""Titles to components: which patterns a title holds, and which of them count.

Of a title that holds a pattern it is asked whether the thing is what is sold. It is not where the pattern stands behind
a word such as "for", or where an exclusion of the component stands in the title, unless that comes along with it.
Done once for each distinct title; ``normal`` has the form in which titles and patterns are compared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import polars as pl

from coincide.catalog.connective import FOR, FOR_UNSPACED, KIT, KIT_UNSPACED, WITH, WITH_PREFIXES, WITH_UNSPACED
from coincide.catalog.normal import Normal, normal
from coincide.catalog.pattern import Pattern, word_at
from coincide.catalog.sieve import Sieve

NEAR = 4
"""Words from "for" to what it is for, at most."""
USE = 2
"""Words from "for" to a word that says only where the thing is used, at most."""
EASILY_LESS = 8
"""Letters of a word that is still the same without one of them, at least."""
LONGEST = 2_000
"""Letters of a title that are looked at; the rest of a longer one names nothing any more."""
_AT_ONCE = 10_000
"""Titles in memory as arrays, of some 20 bytes for each letter."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A pattern that a title holds, and why it does not count; ``refused`` is empty where it does."""

    component: str
    pattern: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A title in normal form, and every pattern that it holds."""

    title: str
    words: tuple[str, ...]
    reasons: tuple[Reason, ...]

    @property
    def components(self) -> tuple[str, ...]:
        """What the title is, sorted."""
        return tuple(sorted({reason.component for reason in self.reasons if not reason.refused}))


class Titles:
    """The title patterns of a catalog, each with its component.

    ``rows``: match, pattern and component. ``title``: the title holds it. ``title-apart``: and not as something that
    comes along, which in another thing is built in (``oven with timer``). ``title-not``: it is none of the component.
    """

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._by_needle: dict[str, list[tuple[str, Pattern, bool]]] = defaultdict(list)
        self._exclusions: dict[str, dict[str, list[tuple[int, Pattern]]]] = defaultdict(lambda: defaultdict(list))
        forms = ((match, form, component) for match, text, component in sorted(set(rows)) for form in spellings(text))
        for number, (match, form, component) in enumerate(forms):
            if match == "title-not":
                self._exclusions[component][form.needle].append((number, form))
            else:
                self._by_needle[form.needle].append((component, form, match == "title-apart"))
        # The empty needle is held by all titles; Polars must not look for it.
        self._needles = sorted({*self._by_needle, *chain.from_iterable(self._exclusions.values())} - {""})

    @cached_property
    def _sieve(self) -> Sieve:
        return Sieve(filter(None, self._by_needle))

    @property
    def components(self) -> frozenset[str]:
        """All that a title may be."""
        return frozenset(component for found in self._by_needle.values() for component, *_ in found)

    def tags(self, titles: pl.Series) -> pl.DataFrame:
        """The components of titles: ``row`` (UInt32), ``component`` and the ``pattern`` it rests on; by row.

        A title that is null is nothing. Only titles that the sieve lets pass get their normal form, in which all
        patterns are looked for at once; only of those that hold the letters of one it is asked more.
        """
        found = [
            (row, reason.component, reason.pattern)
            for row, reasons in self._looked_at(titles)
            for reason in _first(reasons)
        ]
        return pl.DataFrame(found, {"row": pl.UInt32, "component": pl.String, "pattern": pl.String}, orient="row")

    def refused(self, titles: pl.Series) -> dict[str, list[Reason]]:
        """Titles that hold a pattern and are no component, with each pattern and why it does not count."""
        looked_at = self._looked_at(titles)
        return {titles[row]: reasons for row, reasons in looked_at if reasons and all(one.refused for one in reasons)}

    def explain(self, title: str) -> Explained:
        """What is held by a title, and what of it counts."""
        form = normal(title[:LONGEST])
        needles = {"", *(needle for needle in self._needles if needle in form.squashed)}
        return Explained(title, form.words, tuple(self._reasons(form, needles)))

    def _looked_at(self, titles: pl.Series) -> Iterator[tuple[int, list[Reason]]]:
        """Of titles that may hold a pattern the row, and each pattern that it holds."""
        if not self._needles:
            return
        texts = titles.cast(pl.String).fill_null("").str.head(LONGEST)
        slices = [texts.slice(start, _AT_ONCE) for start in range(0, len(texts), _AT_ONCE)]
        with ThreadPoolExecutor(1) as ahead:
            # The sieve works in NumPy and Polars, which leave Python free for those that it let pass.
            passed = ahead.map(self._sieve.may_hold, slices)
            for start, (part, may_hold) in enumerate(zip(slices, passed, strict=True)):
                for row, form, needles in self._held(part, may_hold.arg_true()):
                    yield start * _AT_ONCE + row, self._reasons(form, needles)

    def _held(self, titles: pl.Series, rows: pl.Series) -> Iterator[tuple[int, Normal, set[str]]]:
        """Of these rows, which may hold a pattern, the normal form, and the needles that it holds."""
        forms = [normal(title) for title in titles.gather(rows).to_list()]
        squashed = pl.Series([form.squashed for form in forms], dtype=pl.String)
        held = squashed.str.extract_many(self._needles, overlapping=True)
        for row, form, needles in zip(rows.to_list(), forms, held.to_list(), strict=True):
            yield row, form, {"", *needles}

    def _reasons(self, form: Normal, needles: set[str]) -> list[Reason]:
        found = []
        for needle in sorted(needles & self._by_needle.keys()):
            for component, pattern, apart in self._by_needle[needle]:
                places = pattern.places(form)
                if places:
                    refused = self._refused(form, needles, component, places, apart)
                    found.append(Reason(component, pattern.text, refused))
        return found

    def _refused(self, form: Normal, needles: set[str], component: str, places: Sequence[int], apart: bool) -> str:
        if all(_is_for(form, place) for place in places):
            return "it stands behind what is for it"
        along = _along(form)
        if apart and all(place > along or _is_with(form, place) for place in places) and not _is_kit(form, along):
            return "it comes along with something else"
        exclusions = self._exclusions[component]
        # In whole words is held only what is held at all.
        held = needles & exclusions.keys()
        for _, exclusion in sorted(chain.from_iterable(exclusions[needle] for needle in held)):
            if any(place < along and not _is_use(form, places[0], place) for place in exclusion.whole_at(form)):
                return f"the title has `{exclusion.text}`"
        return ""


def spellings(text: str) -> list[Pattern]:
    """A pattern, and the same with ``ae``, ``oe``, ``ue`` where it has German umlauts.

    Of one that begins with ``~`` also what comes of it when a finger slips: two letters swapped, or one left out of a
    word of eight or more; and ``i`` for ``l``, as which the digit one is read.
    """
    word = text.removeprefix("~")
    slips = _slips(word) if word != text else []
    return [Pattern(one) for one in dict.fromkeys([word, word.translate(_UMLAUTS), *slips])]


def _slips(text: str) -> list[str]:
    plain = " ".join(normal(text).words)
    found = [plain[:at] + "i" + plain[at + 1 :] for at, letter in enumerate(plain) if letter == "l"]
    for word in plain.split():
        for at in range(1, len(word)):
            found.append(plain.replace(word, word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]))
            if len(word) >= EASILY_LESS:
                found.append(plain.replace(word, word[:at] + word[at + 1 :]))
    return [one + "*" * text.endswith("*") for one in found if one != plain]


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def _is_for(form: Normal, place: int) -> bool:
    """Whether what stands at a place of the squashed title is only what the thing in front of it is for."""
    if _FOR_UNSPACED.search(form.squashed, 0, place):
        return True
    here = word_at(form, place)
    # A title may begin with "for": then it has not said yet what is sold.
    return not FOR.isdisjoint(form.words[max(1, here - NEAR) : here])


_FOR_UNSPACED = re.compile("|".join(map(re.escape, FOR_UNSPACED)))


def _is_use(form: Normal, pattern: int, exclusion: int) -> bool:
    """Whether an exclusion only says what the thing in front of it is for: ``plug timer for heaters`` is no heater."""
    here = word_at(form, exclusion)
    return not FOR.isdisjoint(form.words[max(word_at(form, pattern) + 1, here - USE) : here])


def _along(form: Normal) -> int:
    """From which letter of the squashed title on things come along; its end if they do nowhere."""
    found = _WITH_UNSPACED.search(form.squashed, 1)
    end = found.start() if found else len(form.squashed)
    if WITH.isdisjoint(form.words):
        return end
    return min([end, *(form.starts[place] for place, word in enumerate(form.words) if place and word in WITH)])


_WITH_UNSPACED = re.compile("|".join(map(re.escape, WITH_UNSPACED)))


def _is_with(form: Normal, place: int) -> bool:
    """Whether "with" is written together with what stands at a place."""
    start = form.starts[word_at(form, place)]
    return start > 0 and form.squashed[start:place] in WITH_PREFIXES


def _is_kit(form: Normal, along: int) -> bool:
    """Whether what comes along is sold as well, because it belongs to a kit."""
    words = form.words[: word_at(form, along)]
    return not KIT.isdisjoint(words) or any(word in form.squashed[:along] for word in KIT_UNSPACED)


def _first(reasons: Iterable[Reason]) -> list[Reason]:
    """Of each component that counts one reason: the longest pattern says most."""
    best: dict[str, Reason] = {}
    for reason in sorted(reasons, key=lambda one: -len(one.pattern)):
        if not reason.refused:
            best.setdefault(reason.component, reason)
    return [best[component] for component in sorted(best)]
