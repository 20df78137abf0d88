"""Small words that say how two things in a title belong together.

``WITH``: what follows comes along (``pressure cooker with cookbook``). ``FOR``: what follows is what it is for, and not
what is sold (``gasket for pressure cooker``). In Arabic the second is a letter before the word.
"""

from __future__ import annotations

from coincide.catalog.normal import normal


def _forms(words: str) -> frozenset[str]:
    return frozenset(word for text in words.split() for word in normal(text).words)


WITH = _forms(
    "with w incl including includes plus bonus free "
    "mit inkl inklusive samt nebst "
    "avec inclus incluse comprenant offert "
    "con incluye incluido incluida incluyendo "
    "مع يشمل "
    "z ze wraz ile birlikte"
)
FOR = _forms(
    "for fits compatible "
    "für passend geeignet fuer "
    "pour compatible adapté "
    "para compatible "
    "لأجل متوافق "
    "do dla için uyumlu"
)
FOR_UNSPACED = ("适用", "適用", "专用", "專用", "用于", "用於")
FOR_PREFIXES = ("لل", "ل")
"""Before an Arabic word: ``لقدر`` is for a pot."""
ARTICLES = ("وال", "بال", "كال", "فال", "ال", "و", "ب")
"""Before an Arabic word, and part of it no more than a space."""
