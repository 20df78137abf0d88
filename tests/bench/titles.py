"""Titles: seconds to normalise a million of them and to match them with 200 patterns, in eight scripts.

Run ``python tests/bench/titles.py [--titles 1_000_000]``. The yardstick is the least that finds letters at all: Polars'
``extract_many`` over one column in NFKC and small letters, which knows nothing of marks, look-alikes, exclusions and
what a title is for. Bar: 5 s at 3.3 % of titles that hold a pattern. Titles are made up of made-up words, all distinct.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import polars as pl

from coincide.catalog.titles import Titles

PACK = Path(__file__).parents[2] / "src" / "coincide" / "packs" / "everyday-components" / "catalog.csv"
EVERYDAY = Path(__file__).parents[1] / "titles" / "everyday.csv"
# Of each script the beginnings and the ends of syllables, and what parts words.
SCRIPTS = {
    "latin": ("b c d f g h k l m n p r s t v w z st br ch gl", "a e i o u ä é ei ou an er in on el ó ç", " "),
    "cyrillic": ("б в г д ж з к л м н п р с т ф х ш ст пр", "а е и о у ы я ю ой ан ер ин", " "),
    "greek": ("β γ δ ζ θ κ λ μ ν ξ π ρ σ τ φ χ", "α ε η ι ο υ ω ά ί ό ου αν ες ος", " "),
    "arabic": ("ب ت ث ج ح خ د ر ز س ش ص ط ع ف ق ك ل م ن ه", "ا و ي ار ان ين ة أ َ ", " "),
    "hebrew": ("ב ג ד ה ז ח ט כ ל מ נ ס פ צ ק ר ש ת", "א ו י ים ות ע", " "),
    "han": ("家 用 不 锈 钢 大 小 新 红 白 电 水 火 山 木 石 金", "色 装 器 机 子 头 盒 板 线 包 车 灯 门 布", ""),
    "kana and hangul": ("カ サ タ ナ ハ マ ヤ ラ ガ ザ 가 나 다 라 마 바", "イ ー ン ッ ト ル ド キ 방 문 산 물", " "),
    "thai": ("ก ข ค ง จ ช ด ต ท น บ ป พ ม ย ร ล ว ส ห", "า ิ ี ุ ู เ แ โ ั ้ ่ ำ", ""),
}  # fmt: skip
PATTERNS = 25
"""Of each script; beside them five exclusions."""
LENGTH = 50
EXTRA = ("{}cm", "{} mm", "{}L", "x{}", "({})", "- {}", "+ {}", "/{}", "No. {}", "★{}", "{} Stk", "A{}-B")


def words(script: str, count: int, of: random.Random) -> list[str]:
    """Made-up words of a script, all distinct: of two to four syllables."""
    begins, ends, _ = SCRIPTS[script]
    found: dict[str, None] = {}
    while len(found) < count:
        made = "".join(of.choice(begins.split()) + of.choice(ends.split()) for _ in range(of.randint(2, 4)))
        found[made] = None
    return list(found)


def catalog(of: random.Random) -> tuple[list[tuple[str, str, str]], dict[str, list[str]]]:
    """The rows of a catalog, and what titles of each script must have to hold one of its patterns."""
    rows, held = [], {}
    for script in SCRIPTS:
        parts = words(script, PATTERNS * 2 + 5, of)
        held[script] = [f"{parts[at]} {parts[at + 1]}" for at in range(0, PATTERNS * 2, 2)]
        rows += [(("title", "title-apart")[at % 2], f"{text}*", f"c{at % 4}") for at, text in enumerate(held[script])]
        rows += [("title-not", text, f"c{at % 4}") for at, text in enumerate(parts[PATTERNS * 2 :])]
    return rows, held


def made(count: int, share: float, held: dict[str, list[str]], of: random.Random) -> pl.Series:
    """Distinct titles, as many of each script, of which a share hold a pattern."""
    vocabulary = {script: words(script, 2_000, of) for script in SCRIPTS}
    return pl.Series("title", [*_distinct(count, share, held, vocabulary, of)])


def _distinct(
    count: int, share: float, held: dict[str, list[str]], vocabulary: dict[str, list[str]], of: random.Random
) -> Iterator[str]:
    scripts, seen = list(SCRIPTS), set[str]()
    while len(seen) < count:
        script = scripts[len(seen) % len(scripts)]
        parts: list[str] = []
        length = max(20, of.gauss(LENGTH, 12))
        while sum(len(part) + 1 for part in parts) < length - 4:
            parts.append(of.choice(vocabulary[script]))
            if of.random() < 0.2:
                parts.append(of.choice(EXTRA).format(of.randint(1, 500)))
        if of.random() < share:
            parts[of.randrange(len(parts))] = of.choice(held[script])
        text = (SCRIPTS[script][2] or of.choice(("", "", " "))).join(parts)
        text = text.title() if of.random() < 0.5 else text.upper() if of.random() < 0.1 else text
        if text not in seen:
            seen.add(text)
            yield text


def tagged(of: Titles, titles: pl.Series) -> int:
    """How many titles are a component."""
    return of.tags(titles)["row"].n_unique()


def yardstick(titles: pl.Series, needles: list[str]) -> int:
    """How many titles hold a needle, of letters that are no more than composed and small."""
    column = titles.str.normalize("NFKC").str.to_lowercase()
    return int((column.str.extract_many(needles, overlapping=True).list.len() > 0).sum())


def measured(what: str, rounds: int, *works: tuple[str, Callable[[], int]]) -> None:
    """Print of each work, in turn with the others, the middle of its seconds, the least and most, the processor's."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name, _ in works}
    found = {}
    for _ in range(rounds):
        for name, work in works:
            began, used = time.perf_counter(), time.process_time()
            found[name] = work()
            seconds[name].append((time.perf_counter() - began, time.process_time() - used))
    for name, each in seconds.items():
        wall, processor = (sorted(column) for column in zip(*each, strict=True))
        spread = f"{statistics.median(wall):.2f} s ({wall[0]:.2f} to {wall[-1]:.2f})"
        print(
            f"{what:30}{name:20}{spread:26}processor {statistics.median(processor):.2f} s  {found[name]:,}", flush=True
        )


def main() -> None:
    """Make the titles, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--titles", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    count, rounds = options.titles, options.rounds
    of = random.Random(5)
    rows, held = catalog(of)
    matched = Titles(rows)
    needles = [text.removesuffix("*") for match, text, _ in rows if match != "title-not"]
    print(json.dumps({"titles": count, "patterns": len(needles), "rows": len(rows), "cores": os.cpu_count()}))
    for share in (0.033, 0.1):
        titles = made(count, share, held, of)
        measured(
            f"{share:.1%} hold one, {titles.str.len_chars().sum() / count:.1f} letters",
            rounds,
            ("tags", partial(tagged, matched, titles)),
            ("yardstick", partial(yardstick, titles, needles)),
        )
    with PACK.open(encoding="utf-8", newline="") as file:
        pack = [(row["match"], row["value"], row["component"]) for row in csv.DictReader(file)]
    everyday = Titles(pack)
    measured(f"the pack's {len(pack):,} rows", rounds, ("the same titles", partial(tagged, everyday, titles)))
    labelled = pl.read_csv(EVERYDAY, columns=["title"])["title"]
    measured("", rounds, (f"{len(labelled):,} labelled", partial(tagged, everyday, labelled)))


if __name__ == "__main__":
    main()
