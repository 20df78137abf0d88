"""Which obligation, and which grounds of it, a rule's ``law`` names: the text is a person's, so it is read generously.

A law that gives no basis must not become one by another way of citing it, so an act without an article names all of
its articles.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from coincide.obligations.obligation import Obligation

_NUMBER = re.compile(r"\b\d{2,4}/\d{2,4}\b")
"""Of an act of the European Union, such as 2019/1148."""
_REFERENCE = r"\d{1,3}[a-z]?(?:\s*\(\w{1,4}\))*"
_JOINED = r"\s*(?:,|;|and|or|to|und|et|-|–|&)\s*"
_BRACKET = r"\(\w{1,4}\)"
_ARTICLES = re.compile(rf"\bart[a-z]*\.?\s*({_REFERENCE}(?:{_JOINED}(?:{_REFERENCE}|{_BRACKET}))*)")
_RANGE = re.compile(r"(\d{1,3})\s*(?:-|–|to)\s*(\d{1,3})")


def named(law: str, obligation: Obligation) -> bool:
    """Whether a rule's ``law`` names the article of the obligation, or its act without any article."""
    return any(not cited or obligation.article in cited for cited in _cited(law, obligation))


def grounds(law: str, obligation: Obligation) -> tuple[str, ...]:
    """The letters of the grounds whose places a rule's ``law`` names."""
    cited = frozenset[str]().union(*_cited(law, obligation))
    return tuple(ground.letter for ground in obligation.grounds if _plain(ground.article) in cited)


def _cited(law: str, obligation: Obligation) -> Iterator[frozenset[str]]:
    """For each part of the text that names the act: the articles in it, each with all that it lies in."""
    act = _NUMBER.search(_plain(obligation.law))
    names = {_plain(name) for name in obligation.known_as} | ({act[0]} if act else set())
    for part in _parts(_plain(law)):
        if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", part) for name in names):
            yield frozenset(_articles(part))


def _parts(law: str) -> Iterator[str]:
    """The text cut so that each part has the number of one act at most, and the articles beside it."""
    for part in law.split(";"):
        found = list(_NUMBER.finditer(part))
        if len(found) < 2:
            yield part
            continue
        # "Article 6 of 2016/679 and Article 18 of 2022/2065", or "2016/679, Article 6, and 2022/2065, Article 18".
        leading = _ARTICLES.search(part, 0, found[0].start()) is not None
        edges = [one.end() if leading else one.start() for one in found]
        cuts = [0, *(edges[:-1] if leading else edges[1:]), len(part)]
        yield from (part[start:end] for start, end in pairwise(cuts))


def _articles(part: str) -> Iterator[str]:
    """``9(1)(c) and (e)`` gives ``9``, ``9(1)``, ``9(1)(c)`` and ``9(1)(e)``; ``16-18`` all three articles."""
    for found in _ARTICLES.finditer(part):
        before = ""
        for reference in re.findall(f"{_REFERENCE}|{_BRACKET}", found[1]):
            whole = re.sub(r"\s", "", reference)
            if whole.startswith("("):
                whole = before.rpartition("(")[0] + whole
            before = whole
            yield whole
            while whole.endswith(")"):
                whole = whole[: whole.rindex("(")]
                yield whole
        for low, high in _RANGE.findall(found[1]):
            yield from map(str, range(int(low), int(high) + 1))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
