"""The rules of a workspace and of its packs, and what they are checked against, read without the engines.

A run loads catalog and lists anyway and makes its ``Context`` of them; checking rules needs their names only, and
stays quick by reading no more.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from coincide.catalog.files import of_packs, own
from coincide.catalog.table import files_of
from coincide.errors import CoincideError, Problems
from coincide.obligations.load import load as load_obligations
from coincide.packs.errors import NoSuchPackRule
from coincide.packs.pack import chosen
from coincide.rules.context import Context
from coincide.rules.load import LoadedRule, load
from coincide.settings import Settings


def rule_files(folder: Path, settings: Settings) -> list[Path]:
    """The files that the globs of ``rules`` match, each once, in the order of their names."""
    return sorted({path for pattern in settings.rules for path in files_of(folder, pattern)})


def load_rules(folder: Path, settings: Settings, context: Context) -> list[LoadedRule]:
    """The rules of the workspace and of its packs, these with the status that a person gave them.

    Raises ``UnknownPack``, ``NoSuchPackRule``, and ``Problems`` as :func:`coincide.rules.load.load` does.
    """
    packs = {path: pack.shown(path) for pack in chosen(settings.packs) for path in pack.rules}
    loaded = load(rule_files(folder, settings), context=context, folder=folder, packs=packs)
    shipped = {one.plan.rule for one in loaded if one.file in packs.values()}
    for name in settings.statuses:
        if name not in shipped:
            raise NoSuchPackRule(name, shipped)
    decided = settings.statuses
    return [
        replace(one, rule=one.rule.model_copy(update={"status": decided[one.plan.rule]}))
        if one.plan.rule in decided
        else one
        for one in loaded
    ]


def context_of(folder: Path, settings: Settings) -> tuple[Context, list[CoincideError]]:
    """What rules are checked against, and what could not be read of the catalog and the obligations.

    Where that is anything, the components, or the obligations, count as not known: one broken line gives one message.
    """
    components: set[str] = set()
    problems: list[CoincideError] = []
    for table in (*own(folder, settings.catalog, problems), *of_packs(settings.packs)):
        components.update(row.get("component") for row in table.rows())
        problems += table.problems
    broken = bool(problems)
    obligations = None
    try:
        obligations = {id_: loaded.obligation for id_, loaded in load_obligations(folder, settings.obligations).items()}
    except Problems as error:
        problems += error.problems
    kinds = {kind for source in settings.sources.values() for kind in source.links}
    kinds |= {kind for file in settings.links.values() for kind in file.links}
    lists = {path.stem for path in files_of(folder, settings.lists)}
    lists |= {path.stem for pack in chosen(settings.packs) for path in pack.lists}
    context = Context(
        components=None if broken else frozenset(components),
        link_kinds=frozenset(kinds),
        lists=frozenset(lists),
        attributes=settings.attributes,
        obligations=obligations,
    )
    return context, problems
