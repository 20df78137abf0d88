from __future__ import annotations

from pathlib import Path

import pytest

from coincide.engines.workspace import open_workspace
from coincide.packs import pack
from coincide.packs.errors import NoSuchPackRule, UnknownPack


def test_a_pack_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "coincide.toml").write_text('packs = ["everyday-component"]')
    with pytest.raises(UnknownPack) as raised:
        _ = open_workspace(tmp_path).rules
    assert raised.value.hint == "did you mean `everyday-components`?"


def test_a_status_for_a_rule_that_no_pack_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "coincide.toml").write_text('packs = ["everyday-components"]\n[statuses]\nno-such = "live"\n')
    with pytest.raises(NoSuchPackRule):
        _ = open_workspace(tmp_path).rules


def test_rules_of_a_pack_ship_in_shadow_and_are_live_where_a_person_says_so(tmp_path: Path) -> None:
    (tmp_path / "coincide.toml").write_text('packs = ["everyday-components"]')
    shipped = {one.plan.rule: one.rule.status for one in open_workspace(tmp_path).rules}
    assert set(shipped.values()) == {"shadow"}
    name = min(shipped)
    (tmp_path / "coincide.toml").write_text(f'packs = ["everyday-components"]\n[statuses]\n{name} = "live"\n')
    decided = {one.plan.rule: one.rule.status for one in open_workspace(tmp_path).rules}
    assert decided == {**shipped, name: "live"}


@pytest.mark.parametrize("name", pack.every())
def test_every_pack_says_what_it_is_and_its_lists_are_empty(name: str) -> None:
    one = pack.every()[name]
    assert set(one.about) == {"title", "version", "basis"}
    assert all(len(path.read_text("utf-8").splitlines()) == 1 for path in one.lists)
