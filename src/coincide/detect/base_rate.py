"""The base rate of theft by card, in one sentence that stands wherever results over journeys are shown."""

SENTENCE = (
    "At 0.02 % prevalence and recall 0.9, a precision of one half needs a false-positive rate of at most 0.018 %."
)
"""0.9 x 0.02 % of all are found rightly, so that as many, 0.018 % of all, may be found wrongly."""
