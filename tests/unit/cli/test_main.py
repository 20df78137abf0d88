"""The entry: the table of commands, what the help imports, and where errors end."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import duckdb
import pytest

from coincide import __version__
from coincide.cli import main

HEAVY = {
    "polars",
    "duckdb",
    "sqlglot",
    "pydantic",
    "pydantic_settings",
    "numpy",
    "sqlalchemy",
    "rich",
    "pyarrow",
    "scipy",
}


def coincide(*arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-m", "coincide", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    return Broken(monkeypatch)


class Broken:
    """Puts a command into the table that raises what a test asks for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def run(self, raised: BaseException, *arguments: str) -> int:
        def fail(as_json: bool) -> None:
            raise raised

        command = click.command("fail")(click.option("--json", "as_json", is_flag=True)(fail))
        self.monkeypatch.setattr(main.coincide, "get_command", lambda ctx, name: command)
        self.monkeypatch.setitem(main.coincide.table, "fail", main.Command("fail", "x:y", "fails"))
        return main.run(["fail", *arguments])


def test_the_help_lists_every_command_of_the_table_in_its_order() -> None:
    done = coincide("--help")
    places = [done.stdout.index(f"\n  {command.name} ") for command in main.COMMANDS]
    assert (done.returncode, places) == (0, sorted(places))


def test_the_help_imports_nothing_heavy() -> None:
    code = "import sys; from coincide.cli.main import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "click" in loaded
    assert HEAVY.isdisjoint(loaded)
    assert not [name for name in loaded if name.startswith("coincide.") and not name.startswith("coincide.cli")]


def test_completion_of_command_names_imports_no_command() -> None:
    code = "import sys; from coincide.cli.main import coincide; import click; "
    code += "items = coincide.shell_complete(click.Context(coincide), 'd'); print(*(i.value for i in items)); "
    code += "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    names, loaded = done.stdout.splitlines()
    assert names.split() == ["discover", "demo", "doctor"]
    assert HEAVY.isdisjoint(loaded.split())


@pytest.mark.parametrize("entry", main.COMMANDS, ids=lambda entry: entry.name)
def test_every_command_of_the_table_is_there_and_has_the_help_it_says(entry: main.Command) -> None:
    command = main.load(entry)
    assert isinstance(command, click.Command)
    assert entry.help.endswith(".")
    assert command.help


def test_no_two_commands_have_one_name() -> None:
    names = [entry.name for entry in main.COMMANDS]
    assert len(names) == len(set(names))


def test_the_version_is_printed() -> None:
    assert coincide("--version").stdout == f"coincide {__version__}\n"


def test_without_a_command_the_help_goes_to_stderr_and_the_status_is_usage() -> None:
    done = coincide()
    assert (done.returncode, done.stdout) == (2, "")
    assert "Commands:" in done.stderr


def test_an_unknown_command_is_told_the_right_one() -> None:  # COI-U001
    done = coincide("doctr")
    assert done.returncode == 2
    assert "COI-U001" in done.stderr
    assert "doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_option_points_at_the_help_of_its_command() -> None:
    done = coincide("init", "--folder")
    assert done.returncode == 2
    assert "coincide init --help" in done.stderr


def test_a_usage_error_is_one_json_document_where_json_was_asked_for() -> None:
    done = coincide("init", "--json", "--folder")
    document = json.loads(done.stderr)
    assert (document["errors"][0]["code"], document["exit_status"], done.stdout) == ("COI-U001", 2, "")


def test_json_after_the_end_of_options_is_no_option() -> None:
    assert not coincide("nothing", "--", "--json").stderr.startswith("{")


def test_an_interrupt_ends_with_130_and_one_sentence(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(KeyboardInterrupt()) == 130  # COI-U002
    assert "COI-U002" in capfd.readouterr().err


def test_a_bug_ends_in_one_sentence_without_a_trace(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(ValueError("customer 4711")) == 70  # COI-U003
    said = capfd.readouterr().err
    assert "COI-U003" in said
    assert "ValueError" in said
    assert "Traceback" not in said
    assert "4711" not in said


def test_a_bug_shows_the_trace_where_it_is_asked_for(
    broken: Broken, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COINCIDE_DEBUG", "1")
    broken.run(ValueError("no"))
    assert "Traceback" in capfd.readouterr().err


def test_a_refusal_of_the_system_is_told_with_its_file(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(PermissionError(errno.EACCES, "Permission denied", "/data/x.csv")) == 4  # COI-D901
    assert "COI-D901 no permission to use `/data/x.csv`" in capfd.readouterr().err


def test_a_read_only_disk_is_told_as_missing_permission(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(OSError(errno.EROFS, "Read-only file system", "x")) == 4
    assert "COI-D901" in capfd.readouterr().err


def test_any_other_refusal_names_its_reason(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(OSError(errno.EMFILE, "Too many open files", "x")) == 4  # COI-D902
    assert "COI-D902 cannot use the file `x`: too many open files" in capfd.readouterr().err


def test_a_full_disk_is_told_so(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(OSError(errno.ENOSPC, "No space left on device")) == 4
    assert "the disk is full" in capfd.readouterr().err


def test_a_machine_without_memory_is_told_what_to_set(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(MemoryError()) == 4  # COI-D903
    said = capfd.readouterr().err
    assert "COI-D903" in said
    assert "`memory`" in said


def test_a_reader_without_memory_is_told_what_to_set(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(duckdb.OutOfMemoryException("failed to pin block")) == 4
    assert "COI-D903" in capfd.readouterr().err


def test_an_interrupted_reader_ends_like_any_interrupt(broken: Broken, capfd: pytest.CaptureFixture[str]) -> None:
    assert broken.run(duckdb.InterruptException("INTERRUPT")) == 130
    assert "COI-U002" in capfd.readouterr().err


def test_a_status_that_a_command_returns_is_the_status_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    command = click.command("one")(lambda: 1)
    monkeypatch.setattr(main.coincide, "get_command", lambda ctx, name: command)
    monkeypatch.setitem(main.coincide.table, "one", main.Command("one", "x:y", "returns 1"))
    assert main.run(["one"]) == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout_is_told_and_no_trace_follows(unbuffered: str) -> None:
    command = [sys.executable, "-m", "coincide", "--version"]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    assert done.returncode == 4
    assert "COI-D003" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_reader_that_goes_away_is_met_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "coincide", "--help"], stdout=write, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_ctrl_c_in_a_running_command_ends_with_130(tmp_path: Path) -> None:
    fifo = tmp_path / "log.csv"
    os.mkfifo(fifo)
    process = subprocess.Popen(
        [sys.executable, "-m", "coincide", "init", str(tmp_path / "w"), "--from", str(fifo)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        writing = _opened_by_reader(fifo)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        os.close(writing)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "COI-U002" in said
    assert "Traceback" not in said
    assert not (tmp_path / "w").exists()


def _opened_by_reader(fifo: Path) -> int:
    """The pipe, open for writing, once the command reads from it: until then the system refuses."""
    for _ in range(600):
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            assert error.errno == errno.ENXIO
        time.sleep(0.05)
    raise AssertionError("the command never opened the pipe")


def test_no_colour_reaches_what_is_no_terminal() -> None:
    assert "\x1b" not in coincide("nothing").stderr
    assert "\x1b" not in coincide("nothing", FORCE_COLOR="1").stderr


def test_the_status_of_a_missing_workspace_is_3_and_names_init(tmp_path: Path) -> None:
    done = coincide("doctor", cwd=tmp_path)
    assert done.returncode == 3
    assert "COI-S001" in done.stderr
    assert "coincide init" in done.stderr
