"""The strategies: a world, the form of its files, and how many examples to try."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from property.choice import Choice, drawn
from property.draw_world import world
from property.workspace import Layout, layout
from reference.world import World

EXAMPLES = 2_000
"""Of all parts together, unless the command line or the environment says otherwise."""
SHARDS = 4
"""The comparison is cut into so many tests, so that several cores can share it."""


def worlds(
    *, most_files: int = 3, separations: bool = True, only: str | None = None
) -> st.SearchStrategy[tuple[World, Layout]]:
    """A world and the form in which it is written; ``only``: the one kind of its rules."""

    def build(choice: Choice) -> tuple[World, Layout]:
        made = world(choice, separations=separations, only=only)
        return made, layout(choice, made, most_files=most_files)

    return drawn(build)


def examples(config: Any, share: int, *, most: int | None = None) -> settings:
    """Settings for one of ``share`` equal parts of all examples.

    ``most``: of a test whose examples are dear, so many where nobody says how many there are to be (``make test``).
    """
    said = config.getoption("--examples", default=None) or int(os.environ.get("COINCIDE_EXAMPLES", "0"))
    number = max(1, (said or EXAMPLES) // share)
    if most is not None and not said:
        number = min(number, most)
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=number, deadline=None, suppress_health_check=slow, print_blob=True)
