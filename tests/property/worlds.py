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


def examples(config: Any, share: int) -> settings:
    """Settings for one of ``share`` equal parts of all examples."""
    number = config.getoption("--examples", default=None) or int(os.environ.get("COINCIDE_EXAMPLES", "2000"))
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=max(1, number // share), deadline=None, suppress_health_check=slow, print_blob=True)
