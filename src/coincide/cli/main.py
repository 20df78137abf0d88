"""The entry of the command line: one table of commands, loaded on use, and one place where errors end.

A command returns nothing, or the status the process ends with. Statuses: 0 done, 1 findings or failed checks
where asked for, 2 usage, 3 input or workspace, 4 the store or the machine, 70 a bug in Coincide, 130 stopped.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from coincide import __version__
from coincide.cli.interrupt import Interrupt

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from coincide.errors import CoincideError


class Command(NamedTuple):
    """A command of the table: its name, where it lives (``module:attribute``), and its line in the help."""

    name: str
    target: str
    help: str


COMMANDS: tuple[Command, ...] = (
    Command("scan", "coincide.cli.scan:scan", "Read the sources, run the rules, raise alerts."),
    Command("alerts", "coincide.cli.alerts:alerts", "List, show and decide alerts."),
    Command("journeys", "coincide.cli.journeys:journeys", "Count the journeys that taps make; no card is shown."),
    Command("report", "coincide.cli.report:report", "Draft reports from alerts, for a person to complete."),
    Command("request", "coincide.cli.request:request", "Record who asks who was present, and confirm it."),
    Command("obligations", "coincide.cli.obligations:obligations", "List the duties to report, and who checked them."),
    Command("why-not", "coincide.cli.why_not:why_not", "Say why a rule raised no alert for an account."),
    Command("entities", "coincide.cli.entities:entities", "Explain which accounts are one actor; cut them."),
    Command("quarantine", "coincide.cli.quarantine:quarantine", "List, show and retry rows that cannot be used."),
    Command("reveal", "coincide.cli.reveal:reveal", "Show the identifier behind a pseudonym, for a purpose."),
    Command("subject", "coincide.cli.subject:subject", "Answer and erase what is stored about an account."),
    Command("import", "coincide.cli.import_:import_", "Write a source anew, with pseudonyms, parted by account."),
    Command("retain", "coincide.cli.retain:retain", "Take out what is older than the settings say; run it daily."),
    Command("backup", "coincide.cli.backup:backup", "Write all that is stored into one file, as of one moment."),
    Command("restore", "coincide.cli.backup:restore", "Check a backup and put it where nothing is yet."),
    Command("ledger", "coincide.cli.ledger:ledger", "Verify, prove, publish and list what was done."),
    Command("keys", "coincide.cli.keys:keys", "Show and change the key of the pseudonyms."),
    Command("rules", "coincide.cli.rules:rules", "Check, test, explain, lay out and begin rules."),
    Command("backtest", "coincide.cli.backtest:backtest", "Try a rule on history: what it finds, what chance gives."),
    Command("places", "coincide.cli.places:places", "Say where and when incidents gather: where to send stewards."),
    Command("discover", "coincide.cli.discover:discover", "List everyday things that hardly ever meet."),
    Command("catalog", "coincide.cli.catalog:catalog", "Try, explain and review what things are called."),
    Command("network", "coincide.cli.network:network", "Check the GTFS feed, and that it knows the taps' stops."),
    Command("packs", "coincide.cli.packs:packs", "List the rule packs that Coincide comes with."),
    Command("simulate", "coincide.cli.simulate:simulate", "Make a marketplace log with planted combinations."),
    Command("demo", "coincide.cli.demo:demo", "Show the whole machine on a year of groceries and a marketplace."),
    Command("init", "coincide.cli.init:init", "Make a workspace, and map the columns that are found."),
    Command("doctor", "coincide.cli.doctor:doctor", "Check workspace, sources, rules and catalog."),
)
"""In the order of the help."""

_STOPPED = 130  # by Ctrl-C: 128 + SIGINT, as shells count


class Lazy(click.Group):
    """A group whose commands are imported when they are called; help and completion read the table alone."""

    def __init__(self, *args: Any, table: tuple[Command, ...], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.table = {entry.name: entry for entry in table}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported; ``None`` if the table has none of that name."""
        entry = self.table.get(cmd_name)
        return load(entry) if entry else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table as the help shows it."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.help) for entry in self.table.values()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called. An unknown name is compared with the table."""
        if args[0] not in self.table and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise click.NoSuchCommand(args[0], possibilities=list(self.table), ctx=ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names and options that start with ``incomplete``."""
        from click.shell_completion import CompletionItem

        entries = [entry for entry in self.table.values() if entry.name.startswith(incomplete)]
        items = [CompletionItem(entry.name, help=entry.help) for entry in entries]
        return items + click.Command.shell_complete(self, ctx, incomplete)


def load(entry: Command) -> click.Command:
    """The command that ``entry`` points at."""
    module, _, attribute = entry.target.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise TypeError(f"{entry.target} is no click command")
    return command


@click.group(
    cls=Lazy,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Errors have codes (COI-...), each with a page in the documentation.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def coincide() -> None:
    """Normal apart, alarming together; or only a coincidence?

    Finds purchases and journeys that are ordinary one by one and may be alarming in combination, and puts
    them before a person.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its status."""
    # A command is short and makes many objects that last to its end: looking for cycles among them so often as a
    # server would cost a twentieth of a quick command, and of writing many alerts more.
    gc.set_threshold(100_000, 50, 50)
    status = run(sys.argv[1:] if arguments is None else arguments)
    if status == _STOPPED:
        _leave(status)
    sys.exit(status)


def _leave(status: int) -> NoReturn:
    """Ends the process with just this status.

    CPython remembers a KeyboardInterrupt that passed through ``exec`` of a text (as dataclasses are made), caught or
    not, and would end ``python -m coincide`` by the signal instead of with the status that is documented.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(status)


def run(arguments: list[str]) -> int:
    """Run one command: its status. Whatever goes wrong is said on stderr; no exception leaves."""
    as_json = "--json" in arguments[: arguments.index("--")] if "--" in arguments else "--json" in arguments
    # Ours has none, and looking for those of other packages at the first model costs a tenth of a quick command.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with Interrupt() as interrupt:
        return _ended(arguments, as_json, interrupt)


def _ended(arguments: list[str], as_json: bool, interrupt: Interrupt) -> int:
    try:
        result = coincide.main(arguments, prog_name="coincide", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as end:
        return _closed_pipe() if end.code == 1 else int(end.code or 0)
    except click.exceptions.NoArgsIsHelpError as help_:
        click.echo(help_.message, err=True)
        return help_.exit_code
    except BaseException as error:
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            return _closed_pipe()
        if isinstance(error, OSError) and error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT):
            _say_no_more()
        return _report(_understood(KeyboardInterrupt() if interrupt.asked else error), error, as_json)
    return result if isinstance(result, int) else 0


def _understood(error: BaseException) -> CoincideError:
    """The error as one of ours: usage, an interrupt, the machine's refusals; else a bug."""
    from coincide import errors

    # DuckDB's own, told by name: an error must not be the first to import it.
    if type(error).__module__.endswith("duckdb"):
        if type(error).__name__ == "OutOfMemoryException":
            return errors.OutOfMemory()
        if type(error).__name__ == "InterruptException":
            error = KeyboardInterrupt()
    match error:
        case errors.CoincideError():
            return error
        case click.exceptions.Abort() | KeyboardInterrupt() | EOFError():
            return errors.Interrupted(
                "stopped before the end; nothing is half-written", hint="run the same command again"
            )
        case click.ClickException():
            return _usage(error)
        case MemoryError():
            return errors.OutOfMemory()
        case OSError():
            return _system(error)
        case _:
            return errors.InternalError(_place(error), hint="COINCIDE_DEBUG=1 shows the whole trace; please report it")


def _system(error: OSError) -> CoincideError:
    """What the system refused where no part of Coincide had a better word for it."""
    from coincide.errors import FileTrouble, NotPermitted
    from coincide.store.errors import DiskFull

    file = str(error.filename) if error.filename is not None else None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(file or "the output")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return NotPermitted(file)
    return FileTrouble(file, (error.strerror or type(error).__name__).lower())


def _usage(error: click.ClickException) -> CoincideError:
    from coincide.errors import UsageError

    context = error.ctx if isinstance(error, click.UsageError) else None
    message = error.format_message().rstrip(".")
    path = context.command_path if context else "coincide"
    return UsageError(message[:1].lower() + message[1:], hint=f"`{path} --help` lists what it takes")


def _place(error: BaseException) -> str:
    """Where a bug showed, without the text of the exception: it may hold what must not be shown."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}coincide{os.sep}" in frame.filename] or frames
    if not ours:
        return f"Coincide went wrong: {type(error).__name__}"
    file = ours[-1].filename.rpartition(f"src{os.sep}")[2].rpartition(f"site-packages{os.sep}")[2]
    return f"Coincide went wrong: {type(error).__name__} at {file}:{ours[-1].lineno}, in {ours[-1].name}"


def _report(error: CoincideError, cause: BaseException, as_json: bool) -> int:
    from coincide.cli import render

    if os.environ.get("COINCIDE_DEBUG") == "1":
        import traceback

        traceback.print_exception(cause, file=sys.stderr)
    # If stderr is closed there is nobody left to tell.
    with contextlib.suppress(OSError):
        click.echo(render.document(error) if as_json else render.text(error, colour=coloured("stderr")), err=True)
    return render.exit_status(error)


def coloured(stream: str) -> bool:
    """Whether ``stdout`` or ``stderr`` shows colours: a terminal does, unless ``NO_COLOR`` (no-color.org) is set."""
    shown = sys.stdout if stream == "stdout" else sys.stderr
    return shown.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _closed_pipe() -> int:
    """The reader of stdout went away (``| head``): end quietly, as programs killed by SIGPIPE do."""
    _say_no_more()
    return 128 + 13


def _say_no_more() -> None:
    """Python flushes stdout once more at the end, which would complain again of what was told."""
    # A stdout that is no file has nobody to complain to.
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
