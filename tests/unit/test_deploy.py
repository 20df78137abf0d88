"""What we ship for a server: units of systemd and a Containerfile. Their commands exist, and a night of them ends as
documented.

That systemd takes the units is asked in ``tests/system/test_units.py``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import click
import pytest

from coincide import __version__
from coincide.cli.main import coincide
from kinshop import HEAD, RULE, TOML
from unitfiles import DROP_INS, FOLDER, PROGRAM, SCAN, TIMER, WAKE, read, words

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/deploy.md").read_text("utf-8")
SERVICE = read(SCAN)["Service"]
NIGHT = [*SERVICE["ExecStart"], *(line for file in DROP_INS for line in read(file)["Service"].get("ExecStart", []))]
AFTER = SERVICE["ExecStartPost"]


def shop(folder: Path, *, until: datetime, days: int = 40) -> Path:
    """A workspace whose source had two rows on each of these days, of which some make an alert."""
    for name in ("rules", "purchases"):
        (folder / name).mkdir(parents=True)
    (folder / "coincide.toml").write_text(TOML, "utf-8")
    (folder / "rules/two.yaml").write_text(RULE, "utf-8")
    (folder / "catalog.csv").write_text("match,value,component\nsku,s1,timer\nsku,s2,steel-balls\n", "utf-8")
    rows = [
        f"{day}-{n},{(until - timedelta(days=day)):%Y-%m-%dT}1{n}:00:00,customer-{day % 7},s{n},,\n"
        for day in range(days)
        for n in (1, 2)
    ]
    (folder / "purchases/a.csv").write_text(HEAD + "".join(rows), "utf-8")
    return folder


def call(line: str, folder: Path, www: Path) -> subprocess.CompletedProcess[str]:
    """A command line of the unit, with the program of this environment, and as little around it as systemd gives."""
    here = {PROGRAM: str(Path(sys.executable).with_name("coincide")), "/srv/www": str(www), "/mnt": str(www)}
    for there, place in here.items():
        line = line.replace(there, place)
    return subprocess.run(
        words(line, folder),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
    )


def called(line: str) -> list[str]:
    """What follows the program in a line, also where a shell calls it."""
    _, program, rest = line.partition(f"{PROGRAM} ")
    assert program, line
    return words(rest.partition("'")[0], Path("/srv/shop"))


@pytest.mark.parametrize("line", [*NIGHT, *AFTER])
def test_a_command_of_the_night_exists_and_takes_the_options(line: str) -> None:
    with click.Context(coincide) as context:
        name, command, rest = coincide.resolve_command(context, called(line))
        if isinstance(command, click.Group):
            name, command, rest = command.resolve_command(context, rest)
        assert command is not None, name
        command.make_parser(context).parse_args(rest)


def test_two_nights_end_with_0_and_the_second_changes_no_alert(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop", until=datetime.now(UTC) - timedelta(days=1))
    (tmp_path / "backup").mkdir()
    alerts = []
    for _ in (1, 2):
        for line in (*NIGHT, *AFTER):
            done = call(line, folder, tmp_path)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        alerts.append(call(f"{PROGRAM} alerts list --status all", folder, tmp_path).stdout)
    assert alerts[0] == alerts[1] != ""
    assert (tmp_path / "ledger/checkpoint").read_bytes() == (folder / ".coincide/ledger/checkpoint").read_bytes()
    assert len(list((tmp_path / "backup").iterdir())) == 2


def test_a_silent_source_ends_the_night_with_1_when_all_else_is_done(tmp_path: Path) -> None:
    """And what all of it says, which the journal keeps, names no account and no pseudonym."""
    folder = shop(tmp_path / "shop", until=datetime.now(UTC) - timedelta(days=9))
    done = [call(line, folder, tmp_path) for line in (*SERVICE["ExecStart"], *AFTER)]
    assert [each.returncode for each in done] == [0, 0, 1]
    assert "COI-W001" in done[-1].stdout
    said = "".join(each.stdout + each.stderr for each in done)
    listed = json.loads(call(f"{PROGRAM} alerts list --json --purpose test", folder, tmp_path).stdout)
    actors = {alert["actor"] for alert in listed["alerts"]}
    assert len(actors) == 7
    assert [name for name in ("customer-", *actors) if name in said] == []


def test_a_night_beside_a_running_scan_ends_with_4_and_leaves_it_alone(tmp_path: Path) -> None:
    from coincide.store.lock import scan_lock

    folder = shop(tmp_path / "shop", until=datetime.now(UTC))
    with scan_lock(folder / ".coincide", "2026-11-27T02:30:00Z"):
        done = call(SERVICE["ExecStart"][0], folder, tmp_path)
    assert (done.returncode, done.stdout) == (4, "")
    assert "COI-D011" in done.stderr


def test_no_line_of_the_night_may_fail_unseen() -> None:
    """A prefix would let a status pass, and a status that is called success would wake nobody."""
    assert [line for line in (*NIGHT, *AFTER) if line[0] != "/"] == []
    assert "SuccessExitStatus" not in SERVICE
    assert read(SCAN)["Unit"]["OnFailure"] == [f"{WAKE.stem}%i.service"]


def test_what_a_drop_in_adds_comes_before_what_may_end_with_1() -> None:
    """systemd.service(5): ExecStartPost= is run after all ExecStart= ended well."""
    assert [words(line, Path("/x"))[1:3] for line in AFTER] == [["doctor", "--history"]]
    assert [file.name for file in DROP_INS if "ExecStartPost" in read(file)["Service"]] == []


@pytest.mark.parametrize(
    ("key", "value"),
    {
        "Type": "oneshot",
        "User": "coincide",
        "UMask": "0077",
        "ProtectSystem": "strict",
        "ReadWritePaths": "%f/.coincide",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "PrivateNetwork": "yes",
        "PrivateDevices": "yes",
        "PrivateUsers": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "MemoryDenyWriteExecute": "yes",
        "RestrictNamespaces": "yes",
        "RestrictSUIDSGID": "yes",
        "RestrictAddressFamilies": "AF_UNIX",
    }.items(),
)
def test_the_service_may_only_what_a_scan_needs(key: str, value: str) -> None:
    assert SERVICE[key] == [value]


def test_the_timer_makes_up_for_a_night_without_power() -> None:
    timer = read(TIMER)
    assert timer["Timer"]["Persistent"] == ["true"]
    assert set(timer["Timer"]) == {"OnCalendar", "RandomizedDelaySec", "Persistent"}
    assert timer["Install"] == {"WantedBy": ["timers.target"]}


def test_what_a_drop_in_writes_it_may_write() -> None:
    for file in DROP_INS:
        service = read(file)["Service"]
        places = [word for line in service.get("ExecStart", []) for word in words(line, Path("/w")) if word[0] == "/"]
        written = [place for place in places if re.match("/srv/www|/mnt", place)]
        assert service.get("ReadWritePaths", []) == written, file.name


def test_the_page_names_every_file() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {SCAN.name, TIMER.name, WAKE.name, "drop-ins"}
    assert [file.name for file in (WAKE, *DROP_INS) if file.name not in PAGE] == []


# --- the image

LINES = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", "").splitlines()
STEPS = [(word, rest) for word, _, rest in (line.partition(" ") for line in LINES) if word and word != "#"]
LAST = STEPS[max(i for i, (word, _) in enumerate(STEPS) if word == "FROM") :]


def values(step: str, steps: list[tuple[str, str]] = STEPS) -> list[str]:
    return [rest for word, rest in steps if word == step]


def test_the_image_runs_the_command_as_a_number_that_is_not_root() -> None:
    assert values("USER", LAST) == ["10001:10001"]
    assert values("ENTRYPOINT", LAST) == ['["coincide"]']
    assert values("WORKDIR", LAST) == ["/workspace"]
    assert "10001" in PAGE


def test_nothing_is_built_in_the_last_stage_and_only_the_program_comes_into_it() -> None:
    assert [rest for rest in values("RUN", LAST) if re.search(r"\b(pip|uv|apt|apt-get|curl)\b", rest)] == []
    assert values("COPY", LAST) == ["--from=build /opt/coincide /opt/coincide"]
    assert values("ADD") == []
    assert values("VOLUME") == []


def test_the_image_has_what_the_lock_file_names_and_says_its_version() -> None:
    synced = [rest for rest in values("RUN") if rest.startswith("uv sync")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert len(synced) == 2
    assert all("--locked --no-default-groups" in rest for rest in synced)
    assert {extra for rest in synced for extra in re.findall(r"--extra (\w+)", rest)} <= set(
        project["optional-dependencies"]
    )
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', values("LABEL", LAST)[0]))
    assert labels["version"] == __version__
    assert labels["licenses"] == project["license"]
    assert labels["description"] == project["description"]


def test_only_what_is_copied_goes_to_the_builder() -> None:
    ignore = (ROOT / ".containerignore").read_text("utf-8").splitlines()
    rules = [line for line in ignore if line and not line.startswith("#")]
    copied = {name for rest in values("COPY") if "--from" not in rest for name in rest.split()[:-1]}
    assert (ROOT / ".dockerignore").read_text("utf-8").splitlines() == ignore
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule[0] == "!"} == copied
    assert all((ROOT / name).exists() for name in copied)
    assert any(fnmatchcase("src/coincide/__pycache__", rule) for rule in rules[1:])
