"""``coincide doctor``: what is wrong with a workspace, and how to mend it. The looking is done in ``examine``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from coincide.cli.option import json_option, workspace_option

if TYPE_CHECKING:
    from coincide.cli.examine import Report

ROWS = 100_000


@click.command()
@click.option(
    "--rows", type=click.IntRange(min=1), default=ROWS, show_default=True, help="Rows of each source to look at."
)
@workspace_option
@json_option
def doctor(rows: int, workspace: Path, as_json: bool) -> int:
    """Check a workspace, and say what is wrong and how to mend it.

    Looks at settings, sources (their columns, and the first rows of up to 20 files), catalog, lists, rules, the key
    and the ledger. Names event ids that are not unique, and fields that rules read and no source maps. Changes
    nothing. Ends with 1 if anything is wrong.
    """
    from coincide.cli.examine import examine

    report = examine(workspace, rows=rows)
    if as_json:
        click.echo(_document(report))
    else:
        _show(report)
    return 1 if report.findings else 0


def _show(report: Report) -> None:
    from coincide.cli import render
    from coincide.cli.main import coloured

    for finding in report.findings:
        click.echo(render.text(finding, colour=coloured("stdout")))
        click.echo()
    for name, files in report.files.items():
        click.echo(f"{name}: {_counted(files, 'file')}, {_counted(report.rows.get(name, 0), 'row')} looked at")
    count = len(report.findings)
    click.echo(f"{_counted(report.rules, 'rule')}; {_counted(count, 'finding') if count else 'nothing is wrong'}")


def _document(report: Report) -> str:
    from coincide.cli import render

    return json.dumps(
        {
            "findings": [render.entry(finding) for finding in report.findings],
            "sources": {
                name: {"files": files, "rows_looked_at": report.rows.get(name, 0)}
                for name, files in report.files.items()
            },
            "rules": report.rules,
        },
        ensure_ascii=False,
        indent=2,
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
