"""A pattern of the catalog: what a title must hold for its item to be a component, or must not.

A pattern is words, with ``*`` in front or behind: ``timer`` is the word, ``timer*`` its beginnings, ``*kugel`` an end
and ``*kugel*`` a part. Words may be parted or joined as they like in the title: ``steel ball*`` is found in
``Steelballs`` too. In scripts without spaces a pattern is found anywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from coincide.catalog.connective import ARTICLES
from coincide.catalog.normal import Normal, normal, script


@dataclass(frozen=True)
class Pattern:
    """A pattern as it is written."""

    text: str

    @cached_property
    def normal(self) -> Normal:
        """Its words, in the form of titles."""
        return normal(self.text)

    @cached_property
    def needle(self) -> str:
        """What is looked for in squashed titles; empty if nothing of the pattern is left in normal form."""
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
        found, text, starts = [], title.squashed, title.starts
        at = text.find(self.needle) if self.needle else -1
        while at >= 0:
            if self._begins(text, starts, at) and (self.free_end or at + len(self.needle) in starts):
                found.append(at)
            at = text.find(self.needle, at + 1)
        return found

    def _begins(self, text: str, starts: list[int], at: int) -> bool:
        if self.free_start or at in starts:
            return True
        # An Arabic article or "and" before the word is written with it.
        return script(self.needle[0]) == "arabic" and text[max(one for one in starts if one < at) : at] in ARTICLES

    def words_at(self, title: Normal) -> list[int]:
        """The words of the title at which it is found in whole words: parted as the pattern is, or joined."""
        if self.unspaced:
            return [word_at(title, at) for at in self.places(title)]
        parts, joined, words = self.normal.words, (self.needle,), title.words
        return sorted(
            {
                place
                for wanted in {parts, joined}
                for place in range(len(words) - len(wanted) + 1)
                if wanted and self._fits(wanted, words[place : place + len(wanted)])
            }
        )

    def _fits(self, wanted: tuple[str, ...], there: tuple[str, ...]) -> bool:
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


def word_at(title: Normal, place: int) -> int:
    """The number of the word in which a place of the squashed title lies."""
    return bisect_right(title.starts, place) - 1
