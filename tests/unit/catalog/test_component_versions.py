"""Which components differ between two catalogs, told from a hash of each."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.catalog.catalog import of

Entries = list[tuple[str, str, str]]
ENTRIES = st.lists(
    st.tuples(st.sampled_from(["sku", "category"]), st.text("a1:/", min_size=1, max_size=3), st.sampled_from("xyz")),
    max_size=8,
)


@settings(deadline=None)
@given(ENTRIES, ENTRIES)
def test_two_catalogs_differ_in_just_the_components_whose_entries_do(first: Entries, second: Entries) -> None:
    one, other = of(first).versions, of(second).versions
    for component in "xyz":
        mine, others = ({row for row in rows if row[2] == component} for rows in (first, second))
        assert (one.get(component) == other.get(component)) == (mine == others)
    assert sorted(one) == sorted({row[2] for row in first})
