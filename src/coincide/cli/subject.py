"""``coincide subject``: what is stored about an account, told or erased. Thin: ``alerts`` does the work."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincide.cli.book import purpose_option, reading
from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.alerts.erasure import Erasure

_SOURCE = click.option(
    "--source", "namespace", metavar="NAMESPACE", help="Namespace of the account: a source's name or its `accounts`."
)
_BECAUSE = click.option("--because", required=True, metavar="TEXT", help="Why, for the ledger; name nobody in it.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def subject() -> None:
    """Answer people who ask what is stored about them, and erase it."""


@subject.command()
@click.argument("account")
@_SOURCE
@purpose_option
@_BECAUSE
@workspace_option
@json_option
def show(
    account: str, namespace: str | None, purpose: str | None, because: str, workspace: Path, as_json: bool
) -> None:
    """Tell all that is stored about ACCOUNT, as the source gives it, and nothing about others.

    It goes into the ledger first. What the sources themselves hold is not told: they are yours.
    """
    from coincide.alerts import holding
    from coincide.engines.workspace import open_workspace
    from coincide.reports.beside import BESIDE

    opened = open_workspace(workspace)
    with reading(opened, purpose) as book:
        found = holding.show(opened, book, account, namespace=namespace, because=because, beside=BESIDE)
    if as_json:
        click.echo(json.dumps(holding.document(found), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in holding.lines(found)))


@subject.command()
@click.argument("account")
@_SOURCE
@purpose_option
@_BECAUSE
@click.option("--override", metavar="TEXT", help="Erase although something is unfinished; why no ground holds.")
@click.option("--dry-run", is_flag=True, help="Count what would go, and erase nothing.")
@workspace_option
@json_option
def erase(
    account: str,
    namespace: str | None,
    purpose: str | None,
    because: str,
    override: str | None,
    dry_run: bool,
    workspace: Path,
    as_json: bool,
) -> None:
    """Erase what is stored about ACCOUNT. Refused while an alert about it is undecided, or a report under way.

    Its alerts keep number, rule and end, its reports number, obligation and times. Sources are not touched: erase its
    rows there too, or a scan that reads them finds them again.
    """
    from coincide.alerts import erasure
    from coincide.engines.workspace import open_workspace
    from coincide.reports.beside import BESIDE

    opened = open_workspace(workspace)
    with reading(opened, purpose) as book:
        done = erasure.erase(
            opened,
            book,
            account,
            namespace=namespace,
            because=because,
            override=override,
            at_us=time.time_ns() // 1_000,
            beside=BESIDE,
            keep=not dry_run,
        )
    if as_json:
        document = {
            "dry_run": dry_run,
            "erased": dict(done.counts),
            "tombstones": list(done.tombstones),
            "hindering": list(done.hindering),
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in _lines(done, dry_run)))
    if not dry_run:
        click.echo(
            "The sources still have what they had: erase the rows of this account there too. Until then a scan that "
            "reads them finds them again, as new alerts under new numbers. Backups and exported files have copies.",
            err=True,
        )


def _lines(done: Erasure, dry_run: bool) -> list[str]:
    if not done.total:
        return ["nothing is stored about this account"]
    result = ["would be erased" if dry_run else "erased"]
    result += [f"  {count:>6,}  {kind.replace('_', ' ')}" for kind, count in done.counts.items() if count]
    if done.tombstones:
        result.append(f"{', '.join(done.tombstones)}: number, rule and end {'would stay' if dry_run else 'stay'}")
    if dry_run and done.hindering:
        result.append(f"It would be refused without --override: {', '.join(done.hindering)}")
    return result
