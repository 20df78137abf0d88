"""Systemd itself reads our units: it knows each line, finds each program, and says how exposed the service is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from system.process import must, run
from unitfiles import DROP_INS, PROGRAM, SCAN, TIMER, WAKE, escaped, read

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not there"),
]
SHOP = Path("/srv/north-shop")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as instances of a workspace, with all drop-ins, and with the program of this environment."""
    program = str(Path(sys.executable).with_name("coincide"))
    extended = tmp_path / f"{SCAN.stem}{escaped(SHOP)}.service.d"
    extended.mkdir()
    for file in (SCAN, TIMER, WAKE):
        text = file.read_text("utf-8").replace(PROGRAM, program)
        (tmp_path / file.name).write_text(text, "utf-8")
        (tmp_path / f"{file.stem}{escaped(SHOP)}{file.suffix}").write_text(text, "utf-8")
    for file in DROP_INS:
        (extended / file.name).write_text(file.read_text("utf-8").replace(PROGRAM, program), "utf-8")
    return tmp_path


def test_the_instance_is_what_systemd_makes_of_the_folder() -> None:
    assert must(run("systemd-escape", "-p", SHOP)).strip() == escaped(SHOP)


@pytest.mark.parametrize("file", [SCAN, TIMER, WAKE], ids=lambda file: file.name)
def test_systemd_takes_the_unit_with_all_drop_ins_and_has_nothing_to_say(file: Path, units: Path) -> None:
    instance = units / f"{file.stem}{escaped(SHOP)}{file.suffix}"
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", instance)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_line_that_systemd_does_not_know_would_be_found(units: Path) -> None:
    """So that the test above proves something, for the drop-ins too."""
    extended = units / f"{SCAN.stem}{escaped(SHOP)}.service.d"
    (extended / "wrong.conf").write_text("[Service]\nProtectAll=yes\n", "utf-8")
    done = run("systemd-analyze", "verify", "--man=no", units / f"{SCAN.stem}{escaped(SHOP)}.service")
    assert "ProtectAll" in done.stderr


@pytest.mark.parametrize("file", [SCAN, WAKE], ids=lambda file: file.name)
def test_systemd_calls_the_service_safe(file: Path, units: Path) -> None:
    """Below 1.0 of 10, without drop-ins."""
    shutil.rmtree(units / f"{SCAN.stem}{escaped(SHOP)}.service.d")
    instance = units / f"{file.stem}{escaped(SHOP)}.service"
    must(run("systemd-analyze", "security", "--offline=true", "--threshold=10", "--no-pager", instance))


def test_the_timer_elapses_every_night() -> None:
    (when,) = read(TIMER)["Timer"]["OnCalendar"]
    told = must(
        run("systemd-analyze", "calendar", "--base-time=2026-11-27 12:00:00 UTC", "--iterations=2", when, TZ="UTC")
    )
    assert "2026-11-28 02:30:00 UTC" in told
    assert "2026-11-29 02:30:00 UTC" in told
