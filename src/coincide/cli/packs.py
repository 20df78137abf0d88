"""``coincide packs``: the rule packs there are. Thin: ``packs.pack`` finds them."""

from __future__ import annotations

import json
from typing import Any

import click

from coincide.cli.option import json_option


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", required=False)
@json_option
def packs(name: str | None, as_json: bool) -> None:
    """List the rule packs, or say what is in the one called NAME.

    A workspace takes them by `packs = ["NAME"]` in coincide.toml. Their rules ship in shadow; `[statuses]` makes one
    live.
    """
    from coincide.packs.pack import chosen, every
    from coincide.rules.context import Context
    from coincide.rules.load import load

    shown = list(every().values()) if name is None else chosen([name])
    found: list[dict[str, Any]] = []
    for pack in shown:
        rules = load(pack.rules, context=Context())
        about: dict[str, Any] = {
            "name": pack.name,
            **pack.about,
            "rules": [{"rule": one.plan.rule, "title": one.rule.title, "status": one.rule.status} for one in rules],
            "lists": [path.stem for path in pack.lists],
        }
        found.append(about)
    if as_json:
        click.echo(json.dumps({"packs": found}, indent=2, ensure_ascii=False))
        return
    for about in found:
        click.echo(f"{about['name']}  {about['version']}  {about['title']}")
        if name is None:
            continue
        click.echo(f"\n{about['basis'].strip()}\n")
        for rule in about["rules"]:
            click.echo(f"  {rule['rule']}  {rule['status']}  {rule['title']}")
        for path in about["lists"]:
            click.echo(f"  list {path}, empty: lists/{path}.csv of the workspace takes its place")
