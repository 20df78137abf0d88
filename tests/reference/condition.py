"""The kinds of rule: does the condition hold over a window, and what is the least that proves it.

A window is the list of an actor's observations in the strict order up to and including the one that is asked
about, which is the last of the list. DESIGN: "Rules" (the table of kinds) and "Evidence".
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from reference.event import Event, Value
from reference.world import Name, Rule

MOST_LISTED = 1000


@dataclass(frozen=True, eq=False)
class Observation:
    """An event that a rule selected and kept, with the components of its item.

    ``incident``: of presence, at which one it was: a tap at several stands once for each. ``decides``: whether a hit is
    possible here: of presence at the last that stands for its tap, of unusual days at the last of a day that is one,
    for the features that are ``far`` in the tail.
    """

    event: Event
    components: frozenset[str]
    name: Name
    incident: int | None = None
    decides: bool = True
    far: frozenset[str] = frozenset()

    @property
    def at(self) -> int:
        """Microseconds since 1970 in UTC."""
        return self.name[0]

    def value(self, field: str) -> Value | tuple[str, Value]:
        """A field's value. Equal identifiers of two namespaces are two accounts."""
        value = self.event.values.get(field)
        return (self.event.namespace, value) if field == "account" else value

    def number(self, field: str) -> Fraction | None:
        """A numeric field's value."""
        value = self.event.values.get(field)
        return None if value is None else Fraction(value)


def holds(rule: Rule, window: list[Observation]) -> bool:
    """Whether the rule's condition holds at the last observation of the window."""
    kind = rule.condition[0]
    if kind == "combination":
        _, at_least, of = rule.condition
        # "observations cover at least k of the named components"
        return len([c for c in of if _covered(c, of[c], window)]) >= int(at_least)
    if kind == "velocity":
        at_least = rule.condition[1]
        # "at least n observations, or n distinct values of a field"
        return counted(rule, window) >= int(at_least)
    if kind == "threshold":
        _, summand, limit, inclusive, _ = rule.condition
        total = sum((_summand(summand, o) for o in window), Fraction(0))
        # "the exact sum of a numeric field passes x"
        return total >= Fraction(limit) if inclusive else total > Fraction(limit)
    if kind == "sequence":
        return _completed(rule, window) is not None
    if kind == "ratio":
        _, of, to, more_than, at_least = rule.condition
        # ADR 0020: "n_to >= at_least, and n_of > more_than * n_to"
        compared, others = _of_kind(of, window), _of_kind(to, window)
        return len(others) >= int(at_least) and len(compared) > Fraction(more_than) * len(others)
    if kind == "presence":
        # "the account was there at `at_least` different reported incidents of the window"
        return window[-1].decides and counted(rule, window) >= int(rule.condition[1])
    if kind == "unusual-day":
        return window[-1].decides
    raise ValueError(kind)


def counted(rule: Rule, window: list[Observation]) -> int:
    """How many a hit rests on: the observations of its window, or their distinct values where those count."""
    if rule.condition[0] == "velocity" and rule.condition[2] is not None:
        # A missing value is not a value.
        return len({o.value(rule.condition[2]) for o in window} - {None})
    if rule.condition[0] == "presence":
        return len({o.incident for o in window})
    return len(window)


def evidence(rule: Rule, window: list[Observation]) -> list[Observation]:
    """The least that proves the hit at the last observation of the window, in the strict order."""
    kind = rule.condition[0]
    if kind == "combination":
        of = rule.condition[2]
        proof: list[Observation] = []
        # "the latest observations that cover each counted component (all covered ones ...)"
        for component, minimum in of.items():
            if _covered(component, minimum, window):
                proof += _cover(component, minimum, window)
    elif kind == "velocity" and rule.condition[2] is None:
        # "the n latest"
        proof = window[-rule.condition[1] :]
    elif kind == "velocity":
        proof = _latest_of_each_value(rule.condition[2], rule.condition[1], window)
    elif kind == "presence":
        proof = _latest_at_each_incident(int(rule.condition[1]), window)
    elif kind in ("threshold", "unusual-day"):
        # "the window's observations (at most 1,000 listed, all counted)"
        proof = window[-MOST_LISTED:]
    elif kind == "ratio":
        # ADR 0020: "the `of` of the window and the latest `at_least` of its `to`, of each at most 1,000; all counted"
        _, of, to, _, at_least = rule.condition
        proof = _of_kind(of, window)[-MOST_LISTED:] + _of_kind(to, window)[-min(int(at_least), MOST_LISTED) :]
    else:
        proof = _completed(rule, window) or []
    return [o for o in window if o in proof]


def _of_kind(kind: str, window: list[Observation]) -> list[Observation]:
    return [o for o in window if o.value("kind") == kind]


def _covered(component: str, minimum: str | None, window: list[Observation]) -> bool:
    carrying = [o for o in window if component in o.components]
    if minimum is None:
        return len(carrying) > 0
    # "a component may ask a minimum total"; "a missing number counts as nothing in a sum"
    total = sum((o.number("quantity") or Fraction(0) for o in carrying), Fraction(0))
    return len(carrying) > 0 and total >= Fraction(minimum)


def _cover(component: str, minimum: str | None, window: list[Observation]) -> list[Observation]:
    """The latest observation that carries the component; with a minimum total, "the latest until reached"."""
    taken: list[Observation] = []
    total = Fraction(0)
    for observation in reversed(window):
        if component not in observation.components:
            continue
        taken.append(observation)
        total += observation.number("quantity") or Fraction(0)
        if minimum is None or total >= Fraction(minimum):
            break
    return taken


def _latest_of_each_value(field: str, n: int, window: list[Observation]) -> list[Observation]:
    """ "the latest observation of each of the n latest-seen values" """
    values: list[Value | tuple[str, Value]] = []
    proof: list[Observation] = []
    for observation in reversed(window):
        value = observation.value(field)
        if value is not None and value not in values and len(values) < n:
            values.append(value)
            proof.append(observation)
    return proof


def _latest_at_each_incident(n: int, window: list[Observation]) -> list[Observation]:
    """ "Of each of the n latest-seen incidents the latest tap; each tap once." """
    incidents: list[int | None] = []
    proof: list[Observation] = []
    for observation in reversed(window):
        if observation.incident not in incidents and len(incidents) < n:
            incidents.append(observation.incident)
            if observation.name not in [other.name for other in proof]:
                proof.append(observation)
    return proof


def _summand(summand: str, observation: Observation) -> Fraction:
    if summand == "quantity * content":
        quantity, content = observation.number("quantity"), observation.number("content")
        # "a missing number counts as nothing in a sum"
        return Fraction(0) if quantity is None or content is None else quantity * content
    return observation.number(summand) or Fraction(0)


def _completed(rule: Rule, window: list[Observation]) -> list[Observation] | None:
    """The observations of all steps, the latest possible for each from the last backwards, or nothing.

    "e is the last step, the earlier steps are earlier observations of the window in the given order (one observation
    serves one step), each at most `gap` after the one before".
    """
    _, steps, gap = rule.condition
    if steps[-1] not in window[-1].components:
        return None
    earlier = _before(steps[:-1], gap, window, len(window) - 1)
    return None if earlier is None else [*earlier, window[-1]]


def _before(steps: list[str], gap: int | None, window: list[Observation], position: int) -> list[Observation] | None:
    """The steps before the one at ``position``. The latest candidate that leaves the rest possible is taken.

    With a gap, the latest candidate may be a dead end, so every earlier one is tried as well.
    """
    if not steps:
        return []
    for candidate in range(position - 1, -1, -1):
        if steps[-1] not in window[candidate].components:
            continue
        if gap is not None and window[position].at - window[candidate].at > gap:
            continue
        rest = _before(steps[:-1], gap, window, candidate)
        if rest is not None:
            return [*rest, window[candidate]]
    return None
