"""Titles that may hold a needle, so that the rest need no normal form.

Of each letter is asked what ``normal`` leaves of it wherever it stands: no marks, look-alikes and digits that may stand
for letters as one. What is left of the letters of a title, one behind the other, is then also what is left of those of
its normal form, and holds what is left of every needle that the normal form holds. Letters of which that depends on
their neighbours make a title one that may hold anything.

The answers come from Python alone, so that no second table of Unicode has to agree with it, and are kept in one array:
a title costs a look into it for each letter. Too many titles pass, and never too few.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import numpy as np
import polars as pl
import pyarrow as pa

from coincide.catalog.normal import alike, normal

_WIDTH = 4
"""Bytes of what is left of a letter, at most."""
_LETTER = np.dtype("<u4")
_UNASKED = 0xFFFF_FFFF
"""In no UTF-8 text there is such a byte."""
_ODD = "\x01"
"""Stands for letters of which what is left depends on their neighbours. Nothing is left of itself, nor of ``_END``."""
_END = "\n"


class Sieve:
    """Lets titles pass that may hold one of the needles, which are in normal form."""

    def __init__(self, needles: Iterable[str]) -> None:
        wanted = set(needles)
        left = {letter: remains(letter) for letter in set("".join(wanted))}
        # A needle with an odd letter is held only by titles that have one too.
        all_left = {"".join(map(left.__getitem__, needle)) for needle in wanted}
        self._needles = [*sorted(needle for needle in all_left if _ODD not in needle), _ODD]
        self._left = np.full(0x110000, _UNASKED, _LETTER)
        self._left[ord(_END)] = ord(_END)

    def may_hold(self, titles: pl.Series) -> pl.Series:
        """For each title whether it may hold a needle. There is no null among the titles."""
        if titles.is_empty():
            return pl.Series(dtype=pl.Boolean)
        text = titles.str.replace_all(_END, " ", literal=True).str.join(_END).item() + _END
        return self._remains(text).str.contains_any(self._needles)

    def _remains(self, text: str) -> pl.Series:
        """What is left of each line."""
        letters = np.frombuffer(text.encode("utf-32-le"), _LETTER)
        left = self._left.take(letters)
        if (unasked := letters[left == _UNASKED]).size:
            for code in np.unique(unasked).tolist():
                self._left[code] = int.from_bytes(remains(chr(code)).encode(), "little")
            left = self._left.take(letters)
        content = left.tobytes().translate(None, b"\0")
        starts = np.flatnonzero(np.frombuffer(content, np.uint8) == ord(_END)) + 1
        places = np.concatenate(([0], starts)).astype(np.int64)
        lines = pa.LargeStringArray.from_buffers(len(starts), pa.py_buffer(places), pa.py_buffer(content))
        return pl.Series(lines)


def remains(letter: str) -> str:
    """What is left of a letter in the normal form of every text that has it; ``_ODD`` if that depends on the text."""
    if _NEIGHBOURLY.search(unicodedata.normalize("NFKD", letter)) and not "가" <= letter <= "힣":
        return _ODD
    if normal(_BASE + letter) == normal(_BASE):
        return ""
    parts = unicodedata.normalize("NFD", normal(letter).squashed)
    text = "".join(part for part in parts if unicodedata.category(part)[0] != "M")
    left = alike(unicodedata.normalize("NFC", text))
    return left if len(left.encode()) <= _WIDTH else _ODD


_NEIGHBOURLY = re.compile("[@$\u1100-\u11ff\u0345]")
"""Signs that inside words are letters, parts of Hangul syllables, and a mark that is an iota once case is folded."""
_BASE = "\u0627"
"""Behind it all those marks vanish that do so behind some letters."""
