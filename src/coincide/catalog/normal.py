"""Titles and patterns in one form, so that what is written differently and means the same is compared alike.

Done here and nowhere else: databases disagree about letters (``lower('İ')``), so titles are never compared in SQL.
The steps, in order, and what each is for:

1. NFKC (UAX 15): full width, ligatures, half-width kana.
2. Format characters (Cf) and tatweel vanish: they hide inside words and show nothing.
3. Case is folded (Unicode, 3.13): ``ß`` is ``ss``, ``Σ`` and ``ς`` are ``σ``.
4. Marks are dropped over Latin, Greek and Arabic letters, where shops leave them out, and nowhere else: without its
   mark ``й`` is another letter, as is ``ガ``. Latin letters with a stroke become plain ones; the several forms of alef,
   yeh, kaf and teh become one each.
5. Everything that is no letter, mark or digit parts words. Digits of all scripts are those of ASCII.
6. Inside a word that mixes Latin with Cyrillic or Greek letters those that look alike become letters of the script
   that most of the word is of.
7. Inside a word of letters a digit that stands for a letter becomes it: ``c00ker``. A number before a unit parts from
   it (``6l``), and with it from a word in front (``schnellkochtopf6l``), so sizes stay sizes.

Words are kept, because what must not match across them is looked for in them; and squashed, because sellers part and
join words as they like.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate


@dataclass(frozen=True)
class Normal:
    """The words of a text; ``squashed`` is all of them without spaces."""

    words: tuple[str, ...]

    @cached_property
    def squashed(self) -> str:
        """The words behind one another."""
        return "".join(self.words)

    @cached_property
    def starts(self) -> list[int]:
        """Where each word begins in ``squashed``, and at the end its length."""
        return [0, *accumulate(map(len, self.words))]


def normal(text: str) -> Normal:
    """The normal form. Idempotent: the words of the form, joined by spaces, have the same form."""
    if not text.isascii():
        # Again after folding, which can bring letters together that are one.
        text = _composed(_composed(text).translate(_FOLDED))
    if "@" in text or "$" in text:
        text = _INSIDE.sub(lambda found: _SIGNS[found[0]], text)
    plain = text.translate(_TABLE)
    words = plain.split()
    if not _ODD.search(plain):
        return Normal(tuple(words))
    # Where a word is half of each script, that of the whole text decides.
    cyrillic = None
    if _LIKE_LATIN.search(plain):
        cyrillic = len(_CYRILLIC_LETTERS.findall(plain)) >= len(_LATIN_LETTERS.findall(plain))
    return Normal(tuple(part for word in words for part in _parts(word, cyrillic)))


def alike(text: str) -> str:
    """A text in normal form with all as one that steps 6 and 7 may make one of another: whatever they did, no more."""
    return text.translate(_TO_LATIN).translate(_DIGITS).translate(_ONES)


def script(letter: str) -> str:
    """``latin``, ``greek``, ``cyrillic``, ``arabic``, ``unspaced`` (written without spaces), or nothing of these."""
    code = ord(letter)
    for low, high, name in _SCRIPTS:
        if low <= code <= high:
            return name
    return ""


_SCRIPTS = (
    (0x41, 0x24F, "latin"),
    (0x370, 0x3FF, "greek"),
    (0x400, 0x52F, "cyrillic"),
    (0x600, 0x77F, "arabic"),
    (0xE00, 0xEFF, "unspaced"),  # Thai, Lao
    (0x1000, 0x109F, "unspaced"),  # Myanmar
    (0x1780, 0x17FF, "unspaced"),  # Khmer
    (0x1E00, 0x1EFF, "latin"),
    (0x1F00, 0x1FFF, "greek"),
    (0x3040, 0x30FF, "unspaced"),  # kana
    (0x3400, 0x9FFF, "unspaced"),  # Han
    (0x20000, 0x3FFFF, "unspaced"),
)
_MARKS = re.compile(
    "(?<=[A-Za-z\u00c0-\u024f\u0370-\u03ff\u0600-\u06ff])[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]+"
)
# Letters that no decomposition makes plain, and forms of one letter (Arabic and its Persian keyboards).
_PLAIN = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t",
        "ى": "ي", "ی": "ي", "ې": "ي", "ک": "ك", "ڪ": "ك", "ة": "ه", "ۀ": "ه", "ہ": "ه", "ھ": "ه", "ٱ": "ا", "ء": None,
    }
)  # fmt: skip
_TATWEEL = "\u0640"
# Unicode Technical Standard 39, confusables, as far as letters of three scripts look alike in small form.
_CYRILLIC = dict(zip("асеорхуіјѕһкмтнвгԁԛԝп", "aceopxyijshkmthbrdqwn", strict=True))
_GREEK = dict(zip("αοερκνικτυχγωη", "aoepkvlktuxywn", strict=True)) | {"ι": "i", "ν": "v", "υ": "u"}
_TO_LATIN = str.maketrans(_CYRILLIC | _GREEK)
_TO_CYRILLIC = str.maketrans({latin: letter for letter, latin in reversed(_CYRILLIC.items())})
_CYRILLIC_LETTERS = re.compile("[\u0400-\u052f]")
_LATIN_LETTERS = re.compile("[a-z]")
_LATIN = re.compile("[A-\u024f\u1e00-\u1eff]")
_LIKE_LATIN = re.compile("[\u0370-\u052f\u1f00-\u1fff]")
"""As ``script`` has it: Greek and Cyrillic."""
_SIGNS = {"@": "a", "$": "s"}
_INSIDE = re.compile(r"(?<=[^\W\d_])[@$](?=[^\W\d_])|(?<![^\W_])\$(?=[^\W\d_]{3})")
_DIGITS = str.maketrans("0345678", "oeasgtb")
_ONES = str.maketrans("1i", "ll")
_LEET = re.compile(r"(?<=[a-z])[0-9]+(?=[a-z])|^[0-9](?=[a-z]{3})|(?<=[a-z]{3})[05]$")
_UNITS = (
    "mm cm dm m km ml cl dl l ltr lt liter litre litres liters litro litros qt qts quart quarts gal gallon gallons cc "
    "kg g gr mg oz lb lbs w watt v volt ah hz kpa psi bar db in inch zoll x er tlg teilig "
    "min mins minute minutes minuten minutos h hr hrs hour hours std stunden "
    "stk st stuck stueck pcs pc piece pieces pieces pz uds unidades piezas pack packs"
)
"""What stands behind numbers in sizes, as it is after steps 1 to 5."""
_GLUED = "mm|cm|ml|kg"
_ODD = re.compile("[a-z][0-9\u0370-\u052f]|[0-9\u0370-\u052f][a-z]")
"""In words that steps 6 and 7 may change."""
_SIZE = re.compile(
    rf"([0-9]+)(?:({'|'.join(sorted(_UNITS.split(), key=len, reverse=True))})(?![a-z])|({_GLUED})(?=[a-z]))"
)
_JOINED = re.compile(
    rf"([a-z]{{4,}})([1-9][0-9]*(?:(?:{_GLUED}|l|g|qt|liter|litres?|litros?|lb|oz)(?![a-z])|{_GLUED}).*)"
)
"""A size behind the words that it is joined to."""


class _Letters(dict[int, "str | None"]):
    """For ``str.translate``: what becomes of a letter, asked once for each."""

    def __init__(self, of: Callable[[str], str | None]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, code: int) -> str | None:
        found = self._of(chr(code))
        self[code] = found
        return found


def _folded(letter: str) -> str | None:
    """Steps 1 to 4 for a letter."""
    if unicodedata.category(letter) == "Cf" or letter == _TATWEEL:
        return None
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", letter).casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", text).translate(_PLAIN))


def _parted(letter: str) -> str | None:
    """Step 5 for a letter, and of ASCII step 3."""
    category = unicodedata.category(letter)
    if category[0] in "ZPSC":
        # A plus is the one sign that says something: what follows comes along.
        return " plus " if letter == "+" else " "
    return str(unicodedata.digit(letter)) if category == "Nd" else letter.lower() if letter.isascii() else letter


_FOLDED = _Letters(_folded)
_TABLE = _Letters(_parted)


def _composed(text: str) -> str:
    """Letters and their marks as one, as far as there is one; other marks are dropped where step 4 says so."""
    if unicodedata.is_normalized("NFKC", text) and not _MARKS.search(text):
        return text
    return unicodedata.normalize("NFKC", _MARKS.sub("", unicodedata.normalize("NFKC", text)))


def _parts(word: str, cyrillic: bool | None) -> list[str]:
    """Steps 6 and 7 for a word: mostly the word itself. ``cyrillic`` is None where the text has nothing for step 6."""
    if cyrillic is not None and _LIKE_LATIN.search(word) and _LATIN.search(word):
        word = _of_one_script(word, cyrillic)
    if word.isalpha() or word.isdecimal():
        return [word]
    size = _SIZE.match(word)
    if size:
        rest = word[size.end() :]
        return [size[1], size[2] or size[3], *(_parts(rest, cyrillic) if rest else [])]
    joined = _JOINED.fullmatch(word)
    if joined:
        return [joined[1], *_parts(joined[2], cyrillic)]
    return [_LEET.sub(_letter, word)]


def _letter(found: re.Match[str]) -> str:
    text, before = found[0], found.string[: found.start()]
    # One stands for i, beside an l or another one for l.
    one = "l" if before.endswith("l") or found.string[found.end() :].startswith("l") or "11" in text else "i"
    return text.replace("1", one).translate(_DIGITS)


def _of_one_script(word: str, cyrillic: bool) -> str:
    """Step 6: the script of most of its letters is the word's; of two with as many ``cyrillic`` says which."""
    scripts = Counter(map(script, word))
    if scripts["cyrillic"] > scripts["latin"] or (cyrillic and scripts["cyrillic"] == scripts["latin"]):
        return word.translate(_TO_CYRILLIC)
    return word.translate(_TO_LATIN)
