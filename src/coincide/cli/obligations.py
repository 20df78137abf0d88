"""``coincide obligations``: the duties to report that there are. Thin: ``coincide.obligations`` does the work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coincide.cli.option import json_option, workspace_option
from coincide.cli.render import clean

if TYPE_CHECKING:
    from coincide.obligations.load import Loaded


@click.command()
@click.argument("obligation", metavar="[ID]", required=False)
@workspace_option
@json_option
def obligations(obligation: str | None, workspace: Path, as_json: bool) -> None:
    """List the obligations to report, ours and the workspace's, and who has checked each; or tell one in full."""
    from coincide import settings
    from coincide.obligations.load import chosen, load

    known = load(workspace, settings.load(workspace).obligations)
    found = list(known.values()) if obligation is None else [chosen(known, obligation)]
    if as_json:
        content = [_document(one) for one in found]
        click.echo(json.dumps({"obligations": content}, ensure_ascii=False, indent=2))
    elif obligation is None:
        for one in found:
            click.echo(clean(f"{one.obligation.obligation}  {one.obligation.place}  {_checked(one)}"))
            click.echo(clean(f"    {one.obligation.title} ({one.file})"))
    else:
        click.echo("\n".join(clean(line) for line in _lines(found[0])))


def _document(loaded: Loaded) -> dict[str, Any]:
    return {**loaded.obligation.model_dump(mode="json"), "file": loaded.file}


def _checked(loaded: Loaded) -> str:
    from coincide.obligations.obligation import Checked

    checked = loaded.obligation.checked
    return f"checked on {checked.on} by {checked.by}" if isinstance(checked, Checked) else "unchecked"


def _lines(loaded: Loaded) -> list[str]:
    one = loaded.obligation
    result = [
        f"{one.obligation}: {one.title}",
        f"{one.place}, {_checked(loaded)}",
        f"source: {one.source}",
        f"who: {one.who}",
        f"to: {one.to}",
        f"what: {one.what}",
        f"deadline: {one.deadline.words}",
        f"may the person be told: {one.notice.rule}. {one.notice.words}",
        f"rules: {one.rules.may}. {one.rules.because}",
    ]
    if one.items is not None:
        result.append(f"only about the goods of {one.items.file}: {one.items.because}")
    for ground in one.grounds:
        shown = "not shown by the data" if ground.shown_by is None else f"shown by: {ground.shown_by}"
        result.append(f"ground ({ground.letter}), {ground.article}: {ground.says}; {shown}")
    result += [f"left to a person: {blank.field}: {blank.asks}" for blank in one.fields]
    return result
