"""A pattern of the catalog: what a title must hold for its item to be a component, or must not.

A pattern is words, with ``*`` in front or behind: ``timer`` is the word, ``timer*`` its beginnings, ``*kugel`` an end
and ``*kugel*`` a part. Words may be parted or joined as they like in the title: ``steel ball*`` is found in
``Steelballs`` too, and a number parts like a space: ``Steelballs8mm``. In scripts without spaces a pattern is found
anywhere.

``olla ... a presión``: other words may stand between (``olla eléctrica 6 l a presión``), a few of them, and none that
begins another thing, as "with" and "for" do.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, cached_property

from coincide.catalog.connective import ARTICLES, DEFINITE, FOR, WITH
from coincide.catalog.normal import Normal, normal, script

GAP = 24
"""Letters that may stand where a pattern has three dots, at most."""


@dataclass(frozen=True)
class Pattern:
    """A pattern as it is written."""

    text: str

    @cached_property
    def normal(self) -> Normal:
        """Its words, in the form of titles."""
        return _form(self.text)

    @cached_property
    def parts(self) -> tuple[Pattern, ...]:
        """What stands between three dots, in order; nothing for a pattern without."""
        parts = self.text.split("...")
        return tuple(map(Pattern, parts)) if len(parts) > 1 else ()

    @cached_property
    def joined(self) -> Pattern:
        """The same without the dots: its words behind one another."""
        return Pattern(self.text.replace("...", " "))

    @cached_property
    def needle(self) -> str:
        """What is looked for in squashed titles; empty if nothing of the pattern is left in normal form."""
        if self.parts:
            needles = [part.needle for part in self.parts]
            return max(needles, key=len) if all(needles) else ""
        return self.normal.squashed

    @cached_property
    def unspaced(self) -> bool:
        """Whether it is of a script that is written without spaces."""
        return any(script(letter) == "unspaced" for letter in self.needle)

    @cached_property
    def free_start(self) -> bool:
        """Whether it may begin inside a word."""
        return self.unspaced or self.text.lstrip().startswith("*")

    @cached_property
    def free_end(self) -> bool:
        """Whether it may end inside a word."""
        return self.unspaced or self.text.rstrip().endswith("*")

    def places(self, title: Normal) -> list[int]:
        """Where it is found in the squashed title, letters across words included."""
        if not self.needle:
            return []
        if self.parts:
            apart = [at for at in self.parts[0].places(title) if self._goes_on(title, at)]
            return sorted({*apart, *self.joined.places(title)})
        found, text, starts = [], title.squashed, title.starts
        at = text.find(self.needle)
        while at >= 0:
            if self._begins(text, starts, at) and (self.free_end or _is_between(text, starts, at + len(self.needle))):
                found.append(at)
            at = text.find(self.needle, at + 1)
        return found

    def _goes_on(self, title: Normal, at: int) -> bool:
        """Whether the other parts follow on the first, which is found at a place."""
        ends = {at + len(self.parts[0].needle)}
        for part in self.parts[1:]:
            places = part.places(title)
            follows = {place for place in places for end in ends if 0 <= place - end <= GAP and _one(title, end, place)}
            ends = {place + len(part.needle) for place in follows}
        return bool(ends)

    def _begins(self, text: str, starts: list[int], at: int) -> bool:
        if self.free_start or _is_between(text, starts, at):
            return True
        # An Arabic article or "and" before the word is written with it.
        return script(self.needle[0]) == "arabic" and text[max(one for one in starts if one < at) : at] in ARTICLES

    def whole_at(self, title: Normal) -> list[int]:
        """Where it is found in whole words of the title: parted as the pattern is, or joined."""
        if self.unspaced or self.parts or not self.needle:
            return self.places(title)
        parts, joined, words = self.normal.words, (self.needle,), title.words
        return sorted(
            {
                title.starts[place]
                for wanted in {parts, joined}
                for place in range(len(words) - len(wanted) + 1)
                if wanted and self._fits(wanted, words[place : place + len(wanted)])
            }
        )

    def _fits(self, wanted: tuple[str, ...], there: tuple[str, ...]) -> bool:
        if script(wanted[0][0]) == "arabic":
            article = next((one for one in DEFINITE if there[0].startswith(one) and not wanted[0].startswith(one)), "")
            there = (there[0].removeprefix(article), *there[1:])
        if len(wanted) == 1:
            (needle,), (word,) = wanted, there
            if self.free_start and self.free_end:
                return needle in word
            if self.free_start:
                return word.endswith(needle)
            return word.startswith(needle) if self.free_end else word == needle
        first = there[0].endswith(wanted[0]) if self.free_start else there[0] == wanted[0]
        last = there[-1].startswith(wanted[-1]) if self.free_end else there[-1] == wanted[-1]
        return first and last and there[1:-1] == wanted[1:-1]


def _is_between(text: str, starts: list[int], at: int) -> bool:
    """Whether a word may begin or end at a place: between words, and between letters and a number."""
    return at in starts or (0 < at < len(text) and text[at - 1].isdecimal() != text[at].isdecimal())


def _one(title: Normal, end: int, place: int) -> bool:
    """Whether what stands between two places is said of one thing."""
    between = title.words[word_at(title, end - 1) + 1 : word_at(title, place)]
    return not any(word in WITH or word in FOR for word in between)


def word_at(title: Normal, place: int) -> int:
    """The number of the word in which a place of the squashed title lies."""
    return bisect_right(title.starts, place) - 1


@cache
def _form(text: str) -> Normal:
    """A pattern is checked, compared with the others and looked for: its form is made once."""
    return normal(text)
