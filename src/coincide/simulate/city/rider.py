"""Who rides in the city: tokens, the people behind them, their class, product, ways and habits.

People are numbered from 0; several may have one token, and one may have two. Nothing in the number of a token says of
which class its owner is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.simulate.city.lines import CHOICES, KERNELS, Lines
from coincide.simulate.city.parameters import CLASSES, COVERS, HABITS, LOOK_ALIKES, STYLES, Parameters

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

CLASS_NAMES = (*CLASSES, "thief")
"""What ``truth.parquet`` may hold as a class, in the order of the codes."""
STYLE_NAMES = tuple(STYLES)
HABIT_NAMES = (*HABITS, *STYLES)
PRODUCTS = tuple(sorted({product for one in CLASSES.values() for product, _ in one.products}))
THIEF = len(CLASSES)
_PAIR = STYLE_NAMES.index("pair")
# One turn through all styles; a pair is two people who follow each other.
_TURN = np.array([0, 1, 2, 3, 4, 4, 5], dtype=np.int32)
_USUAL, _SOME = KERNELS.index("usual"), KERNELS.index("some")


@dataclass(frozen=True)
class Riders:
    """People and their tokens.

    By person: ``life`` (the class that is seen), ``style`` (-1 for the innocent), ``token``, ``phone`` (the other
    token, or -1), ``habit``, ``product``, ``zeal`` (0 to 1: how much of what the class does), ``leaves`` (seconds of
    the service day's clock), ``works`` (seconds), ``two_legs``, ``ways`` (board and alight node of two rides out and
    two back), ``haunt`` (a busy node where days may begin), ``follows`` (the person whose rides are shared, or -1),
    ``stay`` (first and last day in the city). By token: ``token_class``, ``token_style``.
    """

    life: Ints
    style: Ints
    token: Ints
    phone: Ints
    habit: Ints
    product: Ints
    zeal: Floats
    leaves: Ints
    works: Ints
    two_legs: NDArray[np.bool_]
    ways: Ints
    haunt: Ints
    follows: Ints
    stay: Ints
    token_class: Ints
    token_style: Ints


def riders(size: int, days: int, lines: Lines, parameters: Parameters, rng: np.random.Generator) -> Riders:
    """The people behind ``size`` tokens."""
    names = list(CLASSES)
    thieves = max(2, round(parameters.thieves * size))
    phones = int(parameters.second_token * size)
    owners = size - phones
    more = [parameters.look_alikes if name in LOOK_ALIKES else 1.0 for name in names]
    counts = np.array([round(CLASSES[name].share * owners * factor) for name, factor in zip(names, more, strict=True)])
    # The largest class takes what rounding and thieves leave.
    counts[names.index("occasional")] += owners - thieves - counts.sum()
    life = np.repeat(np.arange(len(names), dtype=np.int32), counts)
    covers = np.array([names.index(name) for name in COVERS], dtype=np.int32)
    until = np.cumsum(list(COVERS.values()))
    life = np.concatenate([life, covers[np.searchsorted(until / until[-1], rng.random(thieves))]])
    style = np.full(owners, -1, dtype=np.int32)
    # Any place of the turn to begin with, but the second half of a pair.
    style[-thieves:] = _TURN[(np.arange(thieves) + rng.permutation(np.delete(np.arange(7), 5))[0]) % len(_TURN)]
    # Others on a shared token are people too, behind the owners in number.
    sharing = np.flatnonzero((life == names.index("shared")) & (style < 0))
    others = np.tile(sharing, parameters.shared_by - 1)
    life, style = np.concatenate([life, life[others]]), np.concatenate([style, style[others]])
    people = len(life)
    number = rng.permutation(size).astype(np.int32)
    token = np.concatenate([number[:owners], number[others]])
    phone = np.full(people, -1, dtype=np.int32)
    phone[rng.permutation(owners)[:phones]] = number[owners:]
    seen = np.where(style >= 0, THIEF, life).astype(np.int32)
    token_class, token_style = np.empty(size, dtype=np.int32), np.full(size, -1, dtype=np.int32)
    for held in (token, phone):
        token_class[held[held >= 0]], token_style[held[held >= 0]] = seen[held >= 0], style[held >= 0]

    habit = np.array([HABIT_NAMES.index(CLASSES[name].habit) for name in names], dtype=np.int32)[life]
    draw = rng.random((6, people))
    zeal = rng.random(people, dtype=np.float32)
    ways, two_legs = _ways(lines, people, parameters, rng)
    haunts = np.argsort(-lines.weight * (1 + lines.after), kind="stable")[: max(8, len(lines.weight) // 6)]
    haunt = haunts[(draw[0] * draw[0] * len(haunts)).astype(np.int64)].astype(np.int32)
    visits = life == names.index("tourist")
    arrives = (draw[1] * (days + 5)).astype(np.int32) - 5
    stay = np.stack(
        [np.where(visits, arrives, 0), np.where(visits, arrives + 2 + (draw[2] * 5).astype(np.int32), days)]
    )
    pupil = life == names.index("pupil")
    # The sum of three uniform draws has the shape of a bell without functions that differ between machines.
    bell = draw[3] + rng.random(people) + rng.random(people) - 1.5
    leaves = np.where(pupil, 3.4 + 0.35 * bell, 3.9 + 1.5 * bell) * 3600
    works = np.where(pupil, 6.5 + 1.5 * draw[4], 7.8 + 2.2 * draw[4]) * 3600
    return Riders(
        life, style, token, phone, habit, _products(names, life, draw[5]), zeal,
        np.clip(leaves, 1800, 12 * 3600).astype(np.int32), works.astype(np.int32), two_legs, ways, haunt,
        _follows(names, life, style, stay, parameters, rng), stay.astype(np.int32), token_class, token_style,
    )  # fmt: skip


def _ways(
    lines: Lines, people: int, parameters: Parameters, rng: np.random.Generator
) -> tuple[Ints, NDArray[np.bool_]]:
    """The usual way of each person: from home by one or two rides, and back by the same lines."""
    until = np.cumsum(lines.weight)
    home = np.searchsorted(until / until[-1], rng.random(people)).astype(np.int32)
    choice = rng.integers(0, CHOICES, (3, people))
    two = rng.random(people) < parameters.two_legs
    first = home + lines.hops[np.where(two, _SOME, _USUAL), home, choice[0]]
    change = lines.changes[first, choice[1]]
    second = change + lines.hops[_SOME, change, choice[2]]
    ways = np.zeros((people, 8), dtype=np.int32)
    ways[:, 0], ways[:, 1], ways[:, 2], ways[:, 3] = home, first, change, second
    for place, (begin, end) in ((4, (change, second)), (6, (home, first))):
        board, alight = lines.back[end], lines.back[begin]
        # Where the line back has another order of stops, one rides as far as the way was long.
        far = np.minimum(np.maximum(end - begin, 1), lines.after[board])
        right = (lines.pattern[alight] == lines.pattern[board]) & (alight > board)
        ways[:, place], ways[:, place + 1] = board, np.where(right, alight, board + far)
    return ways, two


def _products(names: list[str], life: Ints, draw: NDArray[np.float64]) -> Ints:
    product = np.zeros(len(life), dtype=np.int32)
    for number, name in enumerate(names):
        mine = np.flatnonzero(life == number)
        kinds = np.array([PRODUCTS.index(kind) for kind, _ in CLASSES[name].products], dtype=np.int32)
        until = np.cumsum([share for _, share in CLASSES[name].products])
        product[mine] = kinds[np.searchsorted(until / until[-1], draw[mine])]
    return product


def _follows(
    names: list[str], life: Ints, style: Ints, stay: Ints, parameters: Parameters, rng: np.random.Generator
) -> Ints:
    """Whose rides a person shares: thieves who work as a pair, and innocents who go about as one."""
    follows = np.full(len(life), -1, dtype=np.int32)
    for name in ("tourist", "pupil"):
        mine = rng.permutation(np.flatnonzero((life == names.index(name)) & (style < 0)))
        couples = int(len(mine) * parameters.couples / 2)
        leaders, others = mine[:couples], mine[couples : 2 * couples]
        follows[others] = leaders
        stay[:, others] = stay[:, leaders]
    paired = np.flatnonzero(style == _PAIR)
    # One whose partner fell off the end of the list works alone.
    follows[paired[1::2]] = paired[: len(paired) // 2 * 2 : 2]
    return follows
