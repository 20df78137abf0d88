"""``coincide why-not``: the nearest miss of a rule for an account. Thin: ``alerts.why_not`` does the work."""

from __future__ import annotations

import time
from pathlib import Path

import click

from coincide.cli.book import purpose_option, reading
from coincide.cli.option import json_option, workspace_option


@click.command("why-not")
@click.argument("rule")
@click.argument("account")
@purpose_option
@workspace_option
@json_option
def why_not(rule: str, account: str, purpose: str | None, workspace: Path, as_json: bool) -> None:
    """Say why RULE raised no alert for ACCOUNT: the nearest miss, what was missing, by how much, when.

    ACCOUNT is a pseudonym, or NAMESPACE:ACCOUNT as the source gives it (the bare account where there is one
    namespace); for a rule by organisation or link, a value of that. The files are read again; nothing is kept.
    """
    from coincide.alerts import why_not as answer
    from coincide.cli.progress import Progress
    from coincide.cli.render import clean
    from coincide.engines.workspace import open_workspace

    opened = open_workspace(workspace)
    with reading(opened, purpose) as book, Progress("Reading", None) as bar:
        done = 0

        def progress(records: int) -> None:
            nonlocal done
            done += records
            bar.update(done)

        told = answer.why_not(opened, book, rule, account, progress, now_us=time.time_ns() // 1_000)
    if as_json:
        import json

        click.echo(json.dumps(answer.document(told), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(clean(line) for line in answer.lines(told)))
