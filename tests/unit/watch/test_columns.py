"""Columns that came and went, by file over time."""

from __future__ import annotations

from coincide.watch.columns import Changed, changed


def files(*given: tuple[int, str, str]) -> list[tuple[int, str, list[str]]]:
    return [(time, path, columns.split()) for time, path, columns in given]


def test_a_renamed_column_came_and_went() -> None:
    found = changed(files((1, "a", "id qty"), (2, "b", "id qty"), (9, "c", "id pieces")), recent=8, near=1)
    assert found == Changed(("pieces",), ("qty",), "c")


def test_equal_columns_in_another_order_are_no_change() -> None:
    assert changed(files((1, "a", "id qty"), (9, "b", "qty id")), recent=8, near=1) is None


def test_one_file_has_nothing_to_be_compared_with() -> None:
    assert changed(files((9, "a", "id")), recent=8, near=1) is None
    assert changed(files((1, "a", "id")), recent=8, near=1) is None
    assert changed([], recent=8, near=1) is None


def test_a_column_that_went_long_ago_is_not_told_again() -> None:
    old = files((1, "a", "id fax"), (6, "b", "id"), (9, "c", "id"))
    assert changed(old, recent=8, near=5) is None


def test_a_column_that_was_there_at_any_time_did_not_come() -> None:
    assert changed(files((1, "a", "id fax"), (6, "b", "id"), (9, "c", "id fax")), recent=8, near=5) is None


def test_where_no_file_is_near_the_last_one_before_counts() -> None:
    assert changed(files((1, "a", "id x"), (2, "b", "id y"), (99, "c", "id")), recent=90, near=80) == Changed(
        (), ("y",), "c"
    )


def test_a_column_that_one_of_the_newest_files_has_did_not_go() -> None:
    assert changed(files((1, "a", "id x"), (8, "b", "id"), (9, "c", "id x")), recent=8, near=1) is None


def test_the_file_that_is_named_is_the_first_that_has_the_new_column() -> None:
    found = changed(files((1, "a", "id"), (8, "b", "id"), (9, "c", "id new")), recent=8, near=1)
    assert found == Changed(("new",), (), "c")
