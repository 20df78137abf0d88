"""What becomes of stored alerts when a scan finds something else: each transition, and the laws of all of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from coincide.alerts.alert import Alert, Decision, Facts, Finding
from coincide.alerts.reconcile import Cause, Reconciliation, Transition, reconcile
from coincide.events.event import EventName

FACTS = Facts("fertiliser", "v1-now", "actor", "high", "Too much", False, scan=2)
THEN = replace(FACTS, scan=1)
DECISION = Decision("benign", "reviewer", 99, "a farm")


def hit(at: int, account: str = "acc") -> EventName:
    return EventName(at, "shop", f"e{at}", account)


def finding(first: int, last: int, *, actor: str = "acc", account: str = "acc", hits: int = 0) -> Finding:
    start, end = hit(first, account), hit(last, account)
    return Finding(actor, start, end, hits or last - first + 1, 0, 3, True, (start,), (end,), "because of that")


def stored(id_: int, found: Finding, *, facts: Facts = THEN, decided: bool = False) -> Alert:
    alert = Alert(id_, facts, found, changed_in=facts.scan)
    return alert.decided(DECISION) if decided else alert


def run(
    alerts: list[Alert],
    found: list[Finding],
    *causes: Cause,
    facts: Facts = FACTS,
    actors: dict[str, str] | None = None,
    suppressed: dict[str, int] | None = None,
    continues_us: int | None = None,
) -> Reconciliation:
    return reconcile(
        alerts,
        found,
        facts,
        causes or (Cause.NEW_FILE,),
        actors=actors,
        suppressed=suppressed,
        continues_us=continues_us,
    )


def only(result: Reconciliation) -> Transition:
    (transition,) = result.transitions
    return transition


def test_what_is_found_first_opens() -> None:
    transition = only(run([], [finding(1, 5)], Cause.FIRST_SCAN))
    assert (transition.change, transition.before, transition.after.id) == ("opened", None, 0)
    assert transition.after.finding == finding(1, 5)
    assert transition.reason == "found: it is the first scan"


def test_what_is_found_again_changes_nothing_even_if_versions_differ() -> None:
    facts = replace(FACTS, versions={"catalog": "new"}, title="Other title")
    assert run([stored(1, finding(1, 5))], [finding(1, 5)], facts=facts).transitions == ()


def test_a_later_hit_extends() -> None:
    transition = only(run([stored(1, finding(1, 5))], [finding(1, 9)]))
    assert (transition.change, transition.after.id, transition.after.facts.scan) == ("extended", 1, 1)
    assert transition.after.changed_in == 2
    assert transition.reason == (
        "ended later, 1970-01-01T00:00:00.000009Z, with 9 hits (were 5), on other evidence: a file was added"
    )


def test_an_earlier_first_hit_extends_backwards_and_rewrites_the_key() -> None:
    transition = only(run([stored(1, finding(3, 5))], [finding(1, 5)]))
    assert (transition.change, transition.after.id) == ("extended", 1)
    assert transition.after.finding.started_by == hit(1)
    assert "begun earlier" in transition.reason


def test_fewer_hits_are_a_change() -> None:
    transition = only(run([stored(1, finding(1, 5))], [finding(1, 4)], Cause.FILE_REMOVED))
    assert (transition.change, transition.after.id) == ("changed", 1)
    assert "ended earlier" in transition.reason and transition.reason.endswith("a file was removed")


def test_alerts_that_a_late_event_joins_go_on_as_the_earliest() -> None:
    alerts = [stored(7, finding(1, 2)), stored(3, finding(5, 6)), stored(4, finding(8, 9))]
    result = run(alerts, [finding(1, 9)])
    assert [(t.change, t.after.id, t.after.superseded_by) for t in result.transitions] == [
        ("superseded", 3, 7),
        ("superseded", 4, 7),
        ("extended", 7, None),
    ]
    assert result.transitions[0].reason == "joined to A-7: a file was added"


def test_an_alert_that_falls_apart_goes_on_as_its_earliest_part() -> None:
    result = run([stored(1, finding(2, 9))], [finding(1, 3), finding(8, 9)])
    assert [(t.change, t.after.id) for t in result.transitions] == [("changed", 1), ("opened", 0)]
    assert result.transitions[0].after.finding == finding(1, 3)


def test_an_alert_whose_first_part_another_keeps_goes_on_as_a_later_part() -> None:
    result = run([stored(1, finding(1, 2)), stored(2, finding(3, 9))], [finding(1, 4), finding(8, 9)])
    assert [(t.after.id, t.after.finding) for t in result.transitions] == [
        (1, finding(1, 4)),
        (2, finding(8, 9)),
    ]


def test_what_is_not_found_any_more_is_withdrawn_with_the_cause() -> None:
    transition = only(run([stored(1, finding(1, 5))], [], Cause.FILE_CHANGED, Cause.CATALOG_CHANGED))
    assert (transition.change, transition.after.status) == ("withdrawn", "withdrawn")
    assert transition.reason == ("nothing is found in its place any more: a file changed and the catalog changed")


def test_a_rule_that_changed_in_meaning_withdraws_its_alerts_and_opens_what_it_finds() -> None:
    old = stored(1, finding(1, 5), facts=replace(THEN, fingerprint="v1-old"))
    result = run([old], [finding(1, 5)], Cause.RULE_CHANGED)
    assert [t.change for t in result.transitions] == ["withdrawn", "opened"]
    assert result.transitions[0].reason.endswith("the rule changed in meaning")


def test_a_rule_that_is_gone_withdraws_its_alerts() -> None:
    transition = only(run([stored(1, finding(1, 5))], [], Cause.RULE_GONE, facts=replace(FACTS, fingerprint="")))
    assert transition.reason.endswith("the rule is no longer run")


def test_an_actor_with_another_name_keeps_the_alert() -> None:
    transition = only(run([stored(1, finding(1, 5))], [finding(1, 5, actor="first")], Cause.ENTITIES_CHANGED))
    assert (transition.change, transition.after.id, transition.after.finding.actor) == ("changed", 1, "first")
    assert transition.reason == "of actor first (was acc): the accounts of an actor changed"


def test_alerts_of_actors_that_became_one_are_joined() -> None:
    alerts = [stored(1, finding(1, 5)), stored(2, finding(3, 8, actor="b", account="b"))]
    found = [replace(finding(1, 8, actor="a"), started_by=hit(1, "a"))]
    result = run(alerts, found, Cause.ENTITIES_CHANGED, actors={"acc": "a", "b": "a"})
    assert [(t.change, t.after.id, t.after.superseded_by) for t in result.transitions] == [
        ("extended", 1, None),
        ("superseded", 2, 1),
    ]


def test_a_decided_alert_covers_what_is_found_in_its_place() -> None:
    assert run([stored(1, finding(1, 5), decided=True)], [finding(1, 5)]).transitions == ()


def test_a_decided_alert_is_amended_once_and_never_moves() -> None:
    decided = stored(1, finding(1, 5), decided=True)
    transition = only(run([decided], [finding(1, 4)], Cause.FILE_REMOVED))
    assert transition.change == "amended"
    assert transition.after.finding == decided.finding
    assert transition.after.amendment == (finding(1, 4),)
    assert transition.reason.startswith("would be ended earlier")
    assert run([transition.after], [finding(1, 4)]).transitions == ()
    again = only(run([transition.after], [finding(1, 5)]))
    assert (again.after.amendment, again.reason) == (None, "found again as it was decided: a file was added")


def test_a_decided_alert_that_is_not_found_any_more_is_amended_not_withdrawn() -> None:
    transition = only(run([stored(1, finding(1, 5), decided=True)], [], Cause.FILE_REMOVED))
    assert (transition.change, transition.after.status) == ("amended", "decided")
    assert transition.reason == "would be withdrawn: a file was removed"
    assert run([transition.after], []).transitions == ()


def test_hits_after_a_decided_alert_open_a_new_one_linked_to_it() -> None:
    transition = only(run([stored(4, finding(1, 5), decided=True)], [finding(1, 5), finding(6, 9)]))
    assert (transition.change, transition.after.linked_to) == ("opened", 4)
    assert transition.reason == "goes on after A-4, which is decided: a file was added"


def test_hits_a_window_or_more_after_a_decided_alert_are_not_linked_to_it() -> None:
    decided = stored(4, finding(1, 5), decided=True)
    linked = [only(run([decided], [finding(1, 5), finding(at, 20)], continues_us=4)).after.linked_to for at in (8, 9)]
    assert linked == [4, None]


def test_an_earlier_episode_of_a_decided_actor_opens() -> None:
    transition = only(run([stored(4, finding(11, 15), decided=True)], [finding(1, 5), finding(11, 15)]))
    assert (transition.after.finding, transition.after.linked_to) == (finding(1, 5), None)


def test_what_begins_in_one_decided_alert_and_ends_in_another_opens_nothing() -> None:
    decided = [stored(1, finding(0, 0), decided=True), stored(2, finding(1, 5), decided=True)]
    result = run(decided, [finding(0, 1)])
    assert [(t.change, t.after.id, t.after.amendment) for t in result.transitions] == [
        ("amended", 1, ()),
        ("amended", 2, (finding(0, 1),)),
    ]


def test_a_decided_alert_of_an_outdated_rule_does_not_cover_what_the_new_rule_finds() -> None:
    old = stored(1, finding(1, 5), facts=replace(THEN, fingerprint="v1-old"), decided=True)
    result = run([old], [finding(1, 5)], Cause.RULE_CHANGED)
    assert [(t.change, t.after.linked_to) for t in result.transitions] == [("amended", None), ("opened", 1)]
    assert result.transitions[0].reason == "would be withdrawn: the rule changed in meaning"


def test_a_suppressed_actor_opens_no_alert_until_the_date() -> None:
    result = run([], [finding(1, 5), finding(8, 12)], suppressed={"acc": 10})
    assert only(result).after.finding == finding(8, 12)
    assert result.suppressed == 1


def test_a_suppression_follows_an_actor_that_is_called_otherwise_now() -> None:
    result = run([], [finding(1, 5, actor="a")], suppressed={"acc": 10}, actors={"acc": "a"})
    assert (result.transitions, result.suppressed) == ((), 1)


def test_a_suppression_leaves_an_open_alert_alone() -> None:
    result = run([stored(1, finding(1, 5))], [finding(1, 6)], suppressed={"acc": 10})
    assert (only(result).change, result.suppressed) == ("extended", 0)


PLACES = st.integers(0, 12)


@st.composite
def findings(draw: st.DrawFn) -> list[Finding]:
    """Findings of three actors whose spans are disjoint, as a scan makes them."""
    found = []
    for actor in ("acc", "b", "c"):
        ends = sorted(draw(st.sets(PLACES, max_size=6)))
        for first, last in zip(ends[::2], ends[1::2], strict=False):
            hits = draw(st.integers(1, 3))
            found.append(finding(first, last, actor=actor, account=actor, hits=hits))
    return found


@st.composite
def states(draw: st.DrawFn) -> list[Alert]:
    """Any stored state: spans that cross, decided or open, of this fingerprint or another."""
    ids = draw(st.lists(st.integers(1, 50), max_size=6, unique=True))
    alerts = []
    for id_ in ids:
        first, last = sorted((draw(PLACES), draw(PLACES)))
        actor = draw(st.sampled_from(["acc", "b", "c"]))
        facts = replace(THEN, fingerprint=draw(st.sampled_from(["v1-now", "v1-now", "v1-old"])))
        found = finding(first, last, actor=actor, account=actor)
        alerts.append(stored(id_, found, facts=facts, decided=draw(st.booleans())))
    return alerts


def applied(alerts: list[Alert], result: Reconciliation) -> list[Alert]:
    """What a store holds afterwards: the trivial one, a dictionary."""
    kept = {alert.id: alert for alert in alerts}
    for transition in result.transitions:
        if transition.change == "opened":
            id_ = max(kept, default=0) + 1
            kept[id_] = replace(transition.after, id=id_)
        else:
            assert transition.before == kept[transition.after.id]
            kept[transition.after.id] = transition.after
    return list(kept.values())


def judged(alerts: list[Alert], found: list[Finding]) -> set[Finding]:
    """What should be open: all that was found, less what lies on a decided alert and ends no later."""
    decided = defaultdict(list)
    for alert in alerts:
        if alert.status == "decided" and alert.facts.fingerprint == FACTS.fingerprint:
            decided[alert.finding.actor].append(
                (alert.finding.started_by.occurred_at, alert.finding.ended_by.occurred_at)
            )
    return {
        one for one in found if not any(first <= one.ended_by.occurred_at <= last for first, last in decided[one.actor])
    }


@settings(max_examples=500, deadline=None)
@given(states(), findings())
def test_the_open_alerts_are_what_was_found_and_nobody_decided(alerts: list[Alert], found: list[Finding]) -> None:
    after = applied(alerts, run(alerts, found))
    open_ = [alert.finding for alert in after if alert.status == "open"]
    assert len(open_) == len(set(open_))
    assert set(open_) == judged(alerts, found)
    assert all(a.facts.fingerprint == FACTS.fingerprint for a in after if a.status == "open")


@settings(max_examples=500, deadline=None)
@given(states(), findings())
def test_a_second_time_nothing_changes(alerts: list[Alert], found: list[Finding]) -> None:
    after = applied(alerts, run(alerts, found))
    live = [alert for alert in after if alert.status in ("open", "decided")]
    assert run(live, found).transitions == ()


@settings(max_examples=500, deadline=None)
@given(states(), findings())
def test_no_alert_is_lost_and_each_change_says_why(alerts: list[Alert], found: list[Finding]) -> None:
    result = run(alerts, found)
    after = {alert.id: alert for alert in applied(alerts, result)}
    assert {alert.id for alert in alerts} <= after.keys()
    for alert in alerts:
        if alert.status == "decided":
            assert replace(after[alert.id], amendment=None, reason=None, changed_in=0) == replace(
                alert, amendment=None, reason=None, changed_in=0
            )
    for transition in result.transitions:
        assert transition.reason == transition.after.reason
        survivor = transition.after.superseded_by
        assert survivor is None or after[survivor].status == "open"
    changed = [t.after.id for t in result.transitions if t.change != "opened"]
    assert len(changed) == len(set(changed))


@given(states(), findings(), st.randoms(use_true_random=False))
def test_the_order_of_what_comes_in_does_not_matter(alerts: list[Alert], found: list[Finding], random: Random) -> None:
    shuffled, mixed = list(alerts), list(found)
    random.shuffle(shuffled)
    random.shuffle(mixed)
    assert run(shuffled, mixed) == run(alerts, found)
