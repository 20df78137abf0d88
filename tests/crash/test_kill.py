"""A scan killed at any moment, and given again, ends with what an undisturbed one found."""

from __future__ import annotations

import random
import shutil
import time
from pathlib import Path

import pytest

from crash import process, shop
from crash.verify import State, verified

SEED = 20250301
LINES = 30_000
FEW, MANY = 5, 30


@pytest.mark.parametrize("moments", [FEW, pytest.param(MANY, marks=pytest.mark.long)])
def test_a_scan_killed_at_random_moments_and_given_again_ends_as_if_undisturbed(tmp_path: Path, moments: int) -> None:
    base = shop.found(tmp_path / "base")
    shop.grow(base, LINES)
    undisturbed = shutil.copytree(base, tmp_path / "undisturbed")
    began = time.perf_counter()
    assert process.run(process.scan(undisturbed)).status == 0
    lasted = time.perf_counter() - began
    assert lasted > 1
    expected = _expected(undisturbed)
    chance = random.Random(SEED + moments)
    print(f"seed {SEED + moments}; an undisturbed scan takes {lasted:.2f} s")
    interrupted = 0
    for number in range(moments):
        folder = shutil.copytree(base, tmp_path / f"killed-{number}")
        share = chance.random()
        interrupted += _killed_after(folder, share * lasted)
        again = process.run(process.scan(folder))
        assert again.status == 0, (share, again.told)
        assert verified(folder) == expected, share
        shutil.rmtree(folder)
    # The machine may be quicker than before, but not so much that no process was met alive.
    assert interrupted


def _killed_after(folder: Path, seconds: float) -> bool:
    """Starts a scan and kills it after so many seconds; whether it was still running."""
    running = process.start(process.scan(folder))
    time.sleep(seconds)
    alive = running.poll() is None
    running.kill()
    running.communicate()
    return alive


def _expected(folder: Path) -> State:
    state = verified(folder)
    statuses = [alert["status"] for alert in state["alert"]]
    assert statuses.count("open") > 100
    assert len(state["quarantine"]) == 3
    return state
