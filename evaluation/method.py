"""What is compared: a value for each token, the most suspicious highest, by each of the methods.

The two-step method and the outlier detectors classify *persons*. They are built here to be measured, on people who do
not exist, and nowhere in the package (Regulation (EU) 2024/1689, Article 5(1)(d); unchecked). What the product finds is
taken in its own terms: a rule with a number in it is a list by that number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coincide.detect.journey.days import Days
from coincide.detect.journey.tails import alike, own, tails
from coincide.rules.feature import NAMES
from evaluation.guard import per_card
from evaluation.measure import average_precision
from evaluation.split import Split

Values = NDArray[np.float64]
Truths = NDArray[np.bool_]

KEPT = 0.05
"""Share of the tokens that the first of the two steps lets through."""


@dataclass(frozen=True)
class Choice:
    """A form of the rule ``unusual-day``: its features, how many of them, and whether its own past counts."""

    of: tuple[str, ...]
    at_least: int
    own: bool


_RIDING = ("trips", "distinct_stops", "entropy", "new_stops", "trips_z")
_WAY = ("short_share", "quick", "same_line", "back", "most_visits", "distinct_lines", "wander")
CHOICES = tuple(
    Choice(of, at_least, past)
    for of, least, most in (
        ((*_RIDING, *_WAY), 4, 5),
        (("trips", "quick", "short_share", "back", "most_visits", "distinct_lines"), 3, 4),
        (("trips", "quick", "new_stops", "distinct_lines"), 2, 3),
        (("trips", "quick"), 2, 2),
        (("trips", "trips_z", "quick", "span_hours"), 3, 3),
    )
    for at_least in range(least, most + 1)
    for past in (False, True)
)
"""Forms of the rule among which the training thieves choose."""


def most_trips(days: Days, size: int) -> Values:
    """The most trips of any day: the count rule, for every N at once."""
    found = np.zeros(size)
    np.maximum.at(found, days.token, days["trips"].astype(np.float64))
    return found


def table(days: Days, size: int) -> Values:
    """Of each token every feature twice, as the guard takes them; what is missing is as it is in the middle."""
    columns = [values for name in NAMES for _, values in per_card(days, name, size)]
    found = np.stack(columns, axis=1).astype(np.float64)
    middle = np.nanmedian(found, axis=0)
    return np.where(np.isnan(found), np.nan_to_num(middle), found)


def ecod(features: Values, chosen: Truths) -> Values:
    """ECOD over the chosen tokens: the first of the two steps, too."""
    from pyod.models.ecod import ECOD

    return _placed(ECOD().fit(features[chosen]).decision_scores_, chosen)


def forest(features: Values, chosen: Truths, seed: int) -> Values:
    """Isolation Forest over the chosen tokens."""
    from sklearn.ensemble import IsolationForest

    wanted = features[chosen]
    return _placed(-IsolationForest(n_estimators=100, random_state=seed).fit(wanted).score_samples(wanted), chosen)


def hbos(features: Values, chosen: Truths) -> Values:
    """HBOS over the chosen tokens."""
    from pyod.models.hbos import HBOS

    return _placed(HBOS(n_bins=50).fit(features[chosen]).decision_scores_, chosen)


def _placed(values: Values, chosen: Truths) -> Values:
    made = np.full(len(chosen), -np.inf)
    made[chosen] = values
    return made


def two_steps(
    learnt: Values, asked: Values, first_learnt: Values, first_asked: Values, split: Split, seed: int
) -> dict[str, Values]:
    """The published method: the most unusual ``KEPT`` of the tokens, then a classifier that has seen thieves.

    ``first_...``: what the first step says (ECOD), of the earlier and of the later days. With two classifiers; which is
    better is for the reader to see. Those who do not pass the first step come last, in its order.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer

    passed = split.train & (first_learnt >= np.quantile(first_learnt[split.train], 1 - KEPT))
    # Known thieves are learnt from, whatever the filter says of them.
    passed |= split.train & split.thief
    asks = split.test & (first_asked >= np.quantile(first_asked[split.test], 1 - KEPT))
    behind = -2.0 + first_asked.argsort().argsort() / len(first_asked)
    made = {}
    trees = RandomForestClassifier(300, min_samples_leaf=2, class_weight="balanced_subsample", random_state=seed)
    line = make_pipeline(
        QuantileTransformer(n_quantiles=min(200, int(passed.sum())), output_distribution="normal", random_state=seed),
        LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced"),
    )
    for name, model in (("two steps, forest", trees), ("two steps, regression", line)):
        model.fit(learnt[passed], split.thief[passed])
        made[name] = behind.copy()
        made[name][asks] = model.predict_proba(asked[asks])[:, 1]
    return made


class UnusualDays:
    """The rule ``unusual-day``: the days' tail ranks are found once, for every form of the rule."""

    def __init__(self, days: Days, touching: Truths) -> None:
        among = alike(days)
        self.days, self.touching = days, touching
        names = sorted({name for choice in CHOICES for name in choice.of})
        self.tails = {name: np.nan_to_num(tails(days, name, among), nan=1.0) for name in names}
        # Not against its own past: a share of its own days, of which one in ten may be as high.
        self.usual = {name: np.nan_to_num(own(days, name), nan=0.0) > 0.1 for name in names}

    def values(self, choice: Choice, size: int, within: Truths, touching: bool) -> Values:
        """Of each token the rarest of its days ``within``: how far ``beyond`` can be set so that the rule still holds.

        A day holds as long as the rarest ``at_least`` of the features are far enough in the tail, so that the rank of
        the last of these decides.
        """
        rows = np.flatnonzero(within & self.touching) if touching else np.flatnonzero(within)
        columns = [
            np.where(self.usual[name][rows], 1.0, self.tails[name][rows]) if choice.own else self.tails[name][rows]
            for name in choice.of
        ]
        ranks = np.partition(np.stack(columns, axis=1), choice.at_least - 1, axis=1)[:, choice.at_least - 1]
        found = np.full(size, -np.inf)
        np.maximum.at(found, self.days.token[rows], -np.log10(np.maximum(ranks, 1e-9)))
        return found

    def chosen(self, size: int, within: Truths, split: Split, touching: bool) -> Choice:
        """The form that finds the training thieves best on the earlier days."""
        kept = split.train
        return max(
            CHOICES,
            key=lambda choice: average_precision(self.values(choice, size, within, touching)[kept], split.thief[kept]),
        )


def flagged_by_class(wanted: Values, of: NDArray[np.int32], many: int, names: Sequence[str]) -> dict[str, float]:
    """Of each class, the share that is among the first ``many``; of equals at the border each counts in part."""
    border = np.partition(wanted, len(wanted) - many)[len(wanted) - many]
    at = wanted == border
    weight = (wanted > border).astype(np.float64)
    weight[at] = (many - weight.sum()) / at.sum()
    total = np.bincount(of, minlength=len(names))
    hit = np.bincount(of, weights=weight, minlength=len(names))
    return {name: float(hit[n] / total[n]) if total[n] else float("nan") for n, name in enumerate(names)}
