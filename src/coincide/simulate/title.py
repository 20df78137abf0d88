"""Titles of goods as shops in six languages write them, and what each good is.

``titles/*.toml`` has the names: ordinary goods, near misses, the four everyday components and the regulated
precursors by the names under which they are published and sold. They were written without a look at the patterns of
any pack, and are not changed to suit them. Here names get brands, sizes, colours and the ways in which shops write.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import reduce
from importlib import resources
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from coincide.simulate.item import COMPONENTS

LANGUAGES = ("en", "de", "fr", "es", "ar", "zh")
GOOD, TRAP = 0, 1
EVERYDAY = range(2, 6)
PRECURSORS = range(6, 24)
KINDS = (
    "good", "trap", *COMPONENTS,
    "acetone", "aluminium-powders", "ammonium-nitrate", "calcium-ammonium-nitrate", "calcium-nitrate", "hexamine",
    "hydrogen-peroxide", "magnesium-nitrate-hexahydrate", "magnesium-powders", "nitric-acid", "nitromethane",
    "potassium-chlorate", "potassium-nitrate", "potassium-perchlorate", "sodium-chlorate", "sodium-nitrate",
    "sodium-perchlorate", "sulphuric-acid",
)  # fmt: skip
"""What a title is: no component, no component but like one, or one of the components."""

_SHARES = (0.55, 0.15, *[0.3 / 22] * 22)
_WRITTEN_OTHERWISE = 0.12
"""Share of titles in which the name is written in one of the language's ``ways``."""

_FULL_WIDTH = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_LOOK_ALIKE = {"o": "о", "a": "а", "e": "е", "ي": "ی", "ك": "ک"}  # Cyrillic; the letters of a Persian keyboard
_NAME = pl.col("name")
_MIDDLE = (_NAME.str.len_chars() + 1) // 2
_WAYS = {
    "capitals": _NAME.str.to_uppercase(),
    "bare": _NAME.str.normalize("NFD").str.replace_all(r"\p{M}", "").str.replace_all("ß", "ss"),
    "joined": _NAME.str.replace_all("[ '-]", ""),
    "parted": _NAME.str.replace_all(r"(\p{Han})", "${1} ")
    .str.strip_chars_end()
    .str.replace_all(r"(\P{Han}) ", "${1}-"),
    "full-width": _NAME.str.replace_many(_FULL_WIDTH),
    "look-alike": reduce(lambda text, pair: text.str.replace(*pair, literal=True), _LOOK_ALIKE.items(), _NAME),
    "zero-width": pl.concat_str(_NAME.str.head(_MIDDLE), pl.lit("\u200b"), _NAME.str.slice(_MIDDLE)),
    "tatweel": _NAME.str.replace(r"([بتسشفقكلمنهي])(\p{Arabic})", "${1}ـ${2}"),
}


@dataclass(frozen=True)
class Listings:
    """All titles, as ``title``, ``language``, ``kind``, ``name`` and the ``way`` in which that is written.

    The rows of a language and a kind, as positions in ``LANGUAGES`` and ``KINDS``, are the ``many`` from ``first`` on.
    """

    table: pl.DataFrame
    first: NDArray[np.int64]
    many: NDArray[np.int64]

    def drawn(self, language: NDArray[np.int64], kind: NDArray[np.int64], uniform: NDArray[np.float64]) -> pl.Series:
        """A title for each language and kind, by a number in [0, 1)."""
        row = self.first[language, kind] + (uniform * self.many[language, kind]).astype(np.int64)
        return self.table["title"].gather(row)


def listings(count: int, rng: np.random.Generator) -> Listings:
    """About ``count`` titles, at least one for each name; of each kind the names by turns."""
    parts = []
    many = np.zeros((len(LANGUAGES), len(KINDS)), dtype=np.int64)
    for place, language in enumerate(LANGUAGES):
        words = tomllib.loads(
            resources.files("coincide.simulate").joinpath("titles", f"{language}.toml").read_text("utf-8")
        )
        sized = _names(words)
        for kind, share in enumerate(_SHARES):
            names = sized[KINDS[kind]]
            length = max(len(names), int(count * share / len(LANGUAGES)))
            many[place, kind] = length
            parts.append(
                _titles(words, names, length, rng).with_columns(language=pl.lit(language), kind=pl.lit(KINDS[kind]))
            )
    first = np.cumsum(many.ravel()) - many.ravel()
    return Listings(
        pl.concat(parts).select("title", "language", "kind", "name", "way"), first.reshape(many.shape), many
    )


def _names(words: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Kind -> each name with what its sizes are called."""
    return {
        "good": [(name, "goods") for aisle in words["goods"].values() for name in _list(aisle)],
        "trap": [(name, "goods") for trap in words["traps"].values() for name in _list(trap)],
        **{
            component: [(name, size) for name in _list(text)]
            for size, components in words["names"].items()
            for component, text in components.items()
        },
    }


def _list(text: str, between: str = r"[,\n]") -> list[str]:
    return [part.strip() for part in re.split(between, text) if part.strip()]


def _titles(words: dict[str, Any], names: list[tuple[str, str]], length: int, rng: np.random.Generator) -> pl.DataFrame:
    """``title``, ``name`` and ``way`` of so many goods."""

    def one_of(values: list[str]) -> pl.Series:
        return pl.Series(values, dtype=pl.String).gather(rng.integers(0, len(values), length))

    turn = np.arange(length) % len(names)
    sizes = _list(words["sizes"][names[0][1]])
    ways = _list(words["ways"])
    frame = pl.DataFrame(
        {
            "title": one_of(_list(words["forms"], r"[|\n]")),
            "name": pl.Series([name for name, _ in names]).gather(turn),
            "way": one_of(ways).set(pl.Series(rng.random(length) >= _WRITTEN_OTHERWISE), "plain"),
            "size": one_of(sizes),
            "brand": one_of(_list(words["brands"])),
            "colour": one_of(_list(words["colours"])),
            "quality": one_of(_list(words["qualities"])),
            "model": one_of(["KX", "TR", "B", "ZN", "MV", "Q"])
            + pl.Series(rng.integers(10, 999, length)).cast(pl.String),
        }
    )
    written = pl.coalesce([pl.when(pl.col("way") == way).then(_WAYS[way]) for way in ways] + [_NAME])
    frame = frame.with_columns(written=written)
    # A name of Chinese letters alone has no capitals and no full width.
    way = pl.when(pl.col("written") == _NAME).then(pl.lit("plain")).otherwise("way").alias("way")
    filled = pl.col("title").str.replace("{name}", pl.col("written"), literal=True)
    for part in ("size", "brand", "colour", "quality", "model"):
        filled = filled.str.replace(f"{{{part}}}", pl.col(part), literal=True)
    return frame.select(filled, "name", way)
