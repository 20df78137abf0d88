"""Seeded mistakes: one text of the source for another, each of which changes what is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tests = Literal["journeys", "kernel", "ledger", "linking", "odds", "portions", "select"]


@dataclass(frozen=True)
class Change:
    """``old`` stands exactly once in ``file`` (below the package). ``tests``: those that must notice."""

    name: str
    file: str
    old: str
    new: str
    tests: Tests = "kernel"


_COMBINATION = "detect/kernel/combination.py"
_VELOCITY = "detect/kernel/velocity.py"
_THRESHOLD = "detect/kernel/threshold.py"
_RATIO = "detect/kernel/ratio.py"
_SEQUENCE = "detect/kernel/sequence.py"
_WINDOW = "detect/kernel/window.py"
_DETECT = "detect/detect.py"
_PLACED = "detect/placed.py"
_SPAN = "engines/embedded/span.py"
_PORTION = "engines/embedded/portion.py"
_LOG_DAYS = "engines/embedded/log_days.py"
_ROWS = "detect/rows.py"
_FIT = "detect/fit.py"
_EXACT = "detect/exact.py"
_EVALUATE = "detect/evaluate.py"
_SELECT = "detect/select.py"
_LINK = "entities/link.py"
_HAND = "odds/hand.py"
_DEAL = "odds/deal.py"
_CONTROL = "odds/control.py"
_THERE = "detect/there.py"
_PRESENCE = "detect/kernel/presence.py"
_ATTENDANCE = "detect/attendance.py"
_UNUSUAL = "detect/unusual.py"
_TAPS = "detect/journey/taps.py"
_CODED = "detect/journey/coded.py"
_TREE = "ledger/tree.py"
_NOTE = "ledger/note.py"
_POLICY = "ledger/policy.py"
_VERIFY = "ledger/verify.py"
_WRITE = "ledger/write.py"
_BOOK = "ledger/book.py"
_SUCCESSION = "ledger/succession.py"
_WITNESS = "ledger/witness.py"
_PUBLISH = "ledger/publish.py"

CHANGES = (
    Change("k + 1 components", _COMBINATION, "covered >= condition.at_least", "covered > condition.at_least"),
    Change("k - 1 components", _COMBINATION, "covered >= condition.at_least", "covered >= condition.at_least - 1"),
    Change(
        "quantity ignored",
        _COMBINATION,
        "return present & number.passes(sums, minimum, inclusive=True)",
        "return present",
    ),
    Change(
        "minimum total must be passed",
        _COMBINATION,
        "(sums, minimum, inclusive=True)",
        "(sums, minimum, inclusive=False)",
    ),
    Change(
        "component just before the window counts",
        _COMBINATION,
        "seen.latest[component] >= seen.start",
        "seen.latest[component] >= seen.start - 1",
    ),
    Change("one carrier too few as evidence", _COMBINATION, "spans(begin, last - 1)", "spans(begin + 1, last - 1)"),
    Change("n + 1 observations", _VELOCITY, "seen.start + 1 >= condition.at_least", "seen.start >= condition.at_least"),
    Change(
        "distinct ignored",
        _VELOCITY,
        "distinct(_value(seen), seen.start, candidates) >= condition.at_least",
        "distinct(_value(seen), seen.start, candidates) >= 1",
    ),
    Change(
        "missing values are a value",
        _VELOCITY,
        "value[position] >= 0], position[value[position] >= 0]",
        "value[position] >= -1], position[value[position] >= -1]",
    ),
    Change(
        "earliest of each value as evidence",
        _VELOCITY,
        "np.lexsort((-position, owner))",
        "np.lexsort((position, owner))",
    ),
    Change(
        "limit passed or reached, the wrong way",
        _THRESHOLD,
        "inclusive=condition.inclusive",
        "inclusive=not condition.inclusive",
    ),
    Change(
        "sum without the oldest",
        _THRESHOLD,
        "running[1:] - running[seen.start]",
        "running[1:] - running[np.minimum(seen.start + 1, len(seen))]",
    ),
    Change(
        "ratio reached, not passed",
        _RATIO,
        "return least\n",
        "return np.asarray(-(-limit.numerator * to // limit.denominator))\n",
    ),
    Change("ratio of any number", _RATIO, "(to >= condition.at_least) & (of >=", "(to >= 0) & (of >="),
    Change("ratio of n + 1", _RATIO, "to >= condition.at_least", "to > condition.at_least"),
    Change(
        "ratio over the whole past",
        _RATIO,
        "running[1:] - running[start]",
        "running[1:] - running[np.minimum(start, 0)]",
    ),
    Change("all of the other kind as evidence", _RATIO, "min(condition.at_least, LISTED))", "LISTED)"),
    Change("ratio the other way round", _PLACED, "for name in (of_kind, to_kind)", "for name in (to_kind, of_kind)"),
    Change("gap open at the old end", _SEQUENCE, "condition.gap_us + 1", "condition.gap_us"),
    Change("gap ignored", _SEQUENCE, "if condition.gap_us is None", "if True"),
    Change("sequence older than its window", _SEQUENCE, "(begins >= 0) & (begins >= seen.start)", "begins >= 0"),
    Change("one observation as two steps", _SEQUENCE, "np.concatenate([[-1], ends[:-1]])", "ends"),
    Change(
        "window closed at the old end",
        _WINDOW,
        'np.searchsorted(line, line - width_us, side="right").astype',
        'np.searchsorted(line, line - width_us, side="left").astype',
    ),
    Change("windows over the edge of an actor", _WINDOW, "    steps[1:][group[1:] != group[:-1]] = width_us\n", ""),
    Change(
        "episodes joined exactly a window apart",
        _DETECT,
        ">= found.plan.window.width_us\n    if cuts",
        "> found.plan.window.width_us\n    if cuts",
    ),
    Change("episodes never split by time", _DETECT, "fresh[1:] |= seen.at[hit[1:]]", "fresh[1:] &= seen.at[hit[1:]]"),
    Change(
        "silenced counted a window later",
        _DETECT,
        "found.seen.at[end] < found.plan.window",
        "found.seen.at[end] <= found.plan.window",
    ),
    Change("silenced before the first hit counted", _DETECT, "after_one = before >= 0", "after_one = before >= -1"),
    Change("unknown silences", _DETECT, "around).fill_null(False).to_numpy()", "around).fill_null(True).to_numpy()"),
    Change(
        "count of unless one short",
        _DETECT,
        "(found - seen.start[found] + 1).tolist()",
        "(found - seen.start[found]).tolist()",
    ),
    Change("copies kept", _DETECT, "    keep[dropped] = False\n", ""),
    Change(
        "the wrong copy kept",
        _DETECT,
        "np.lexsort((rank[copied], event[copied]))",
        "np.lexsort((-rank[copied], event[copied]))",
    ),
    Change("days of UTC", _DETECT, "(zones.local(at, plan.zone) - begins) // _DAY_US", "(at - begins) // _DAY_US"),
    Change(
        "order of ties: event before source",
        _ROWS,
        'tied.sort("~code", "~at", "source", "event_id", "account")',
        'tied.sort("~code", "~at", "event_id", "source", "account")',
    ),
    Change("order of ties: none", _ROWS, "    if len(ties):\n", "    if False:\n"),
    Change(
        "copies of two accounts are one",
        _ROWS,
        "tie = np.cumsum(_fresh(self.account[suspects], self.at[suspects]))",
        "tie = np.unique(self.at[suspects], return_inverse=True)[1]",
    ),
    Change(
        "copies of two times are one",
        _ROWS,
        "_fresh(self.account[suspects], self.at[suspects])",
        "_fresh(self.account[suspects], self.account[suspects])",
    ),
    Change(
        "copies of two sources are one",
        _ROWS,
        'self.frame.select("source", "event_id")[suspects]',
        'self.frame.select("event_id")[suspects]',
    ),
    Change("missing sorts last among copies", _ROWS, "nulls_last=False", "nulls_last=True"),
    Change(
        "unknown where is true", _FIT, "_spread(truth.fill_null(False), chosen", "_spread(truth.fill_null(True), chosen"
    ),
    Change("unreadable where forgotten", _FIT, "unknown & rows.flagged(name)", "unknown & ~rows.flagged(name) & False"),
    Change("last reason of quarantine", _FIT, "np.minimum(reason[where], rank)", "rank"),
    Change("other currencies observed", _FIT, '_equals(rows, "currency", currency) | _unknown_currency(rows)', "True"),
    Change("between open above", _EVALUATE, "value <= _operand(high, known)", "value < _operand(high, known)"),
    Change("limit rounded down", _EXACT, "ceil(scaled) if inclusive", "floor(scaled) if inclusive"),
    Change("cap + 1", _LINK, "hubs.degrees > caps", "hubs.degrees > caps + 1", "linking"),
    Change("cap - 1", _LINK, "hubs.degrees > caps", "hubs.degrees >= caps", "linking"),
    Change("group limit + 1", _LINK, "sizes > limit", "sizes > limit + 1", "linking"),
    Change("weak kinds join", _LINK, "shared & ~generic & strong &", "shared & ~generic &", "linking"),
    Change(
        "separation forgotten",
        _LINK,
        "    verdict[first[(first == second) & (first >= 0)]] = _SEPARATED\n",
        "",
        "linking",
    ),
    Change("last account names the actor", _LINK, 'pl.col("account").min()', 'pl.col("account").max()', "linking"),
    Change(
        "prefix of a category one letter short",
        _SELECT,
        "exp.Literal.number(length))\n",
        "exp.Literal.number(length - 1))\n",
        "select",
    ),
    Change("category alone, no item", _SELECT, 'if wanted.skus and "item" in projection:', "if False:", "select"),
    Change(
        "or narrowed by what is certain",
        _SELECT,
        "if len(certain) == len(parts) else None",
        "if certain else None",
        "select",
    ),
    Change(
        "unreadable text narrowed away",
        _SELECT,
        "return exp.paren(exp.or_(condition, unreadable))",
        "return condition",
        "select",
    ),
    Change("<= narrowed as <", _SELECT, '"<=": exp.LTE', '"<=": exp.LT', "select"),
    Change("a leaf is hashed bare", _TREE, 'b"\\x00" + entry', "entry", "ledger"),
    Change("part of a consistency proof suffices", _TREE, "first == old_root and second", "second", "ledger"),
    Change("an audit path may be short", _TREE, "return last == 0 and found == root", "return found == root", "ledger"),
    Change("a false signature is passed over", _NOTE, "raise FalseSignature(verifier.name)", "continue", "ledger"),
    Change(
        "a signature of the name alone counts",
        _NOTE,
        "return (signature.name, signature.id) == (self.name, self.id)",
        "return signature.name == self.name",
        "ledger",
    ),
    Change("one witness is a quorum", _POLICY, ">= group.least", ">= 1", "ledger"),
    Change(
        "any trusted log speaks for another",
        _POLICY,
        "[log for log in self.logs if log.name == checkpoint.origin]",
        "list(self.logs)",
        "ledger",
    ),
    Change("entries may be dated back", _VERIFY, "time < self.last_at:", 'time < "1971":', "ledger"),
    Change(
        "an earlier checkpoint is believed unread",
        _VERIFY,
        "before = [one for one in seen if walk.roots[one.size] == one.root]",
        "before = list(seen)",
        "ledger",
    ),
    Change("a shorter log passes", _VERIFY, "or found.size > now.size", "and found.size > now.size", "ledger"),
    Change("hashes of others pass", _VERIFY, "if walk.unlike is not None:", "if False:", "ledger"),
    Change(
        "the last entry is not looked at", _WRITE, "if list(map(leaf_hash, entries)) != logged:", "if False:", "ledger"
    ),
    Change("what waits is logged again", _BOOK, "return waiting[count:]", "return waiting", "ledger"),
    Change("a ledger that was rolled back goes on", _BOOK, "if size < head.size:", "if False:", "ledger"),
    Change("a rewritten ledger goes on", _BOOK, "if found != head.root:", "if False:", "ledger"),
    Change("a read without a purpose", _BOOK, "if not self.staff.purpose:", "if False:", "ledger"),
    Change("a clock that went back", _BOOK, "while now < head.last_at:", "while False:", "ledger"),
    Change("a missing key is made anew", _BOOK, "if there else self._begun()", "if False else self._begun()", "ledger"),
    Change(
        "a key follows without the old one",
        _SUCCESSION,
        "if len(signers) > 1 and new in signers",
        "if new in signers",
        "ledger",
    ),
    Change(
        "the old key goes on being believed",
        _SUCCESSION,
        "newest = [new if key.name == new.name else key for key in newest]",
        "newest = [*newest, new]",
        "ledger",
    ),
    Change(
        "any answer of a witness counts",
        _WITNESS,
        "witness.made(signature) and witness.verify(checkpoint.text, signature)",
        "witness.made(signature)",
        "ledger",
    ),
    Change(
        "another log is published over",
        _PUBLISH,
        "if root(found.size, tiles.reader(fetch, now.size)) != found.root:",
        "if False:",
        "ledger",
    ),
    Change("who has just enough components is left out", _HAND, "(had >= least)[code]", "(had > least)[code]", "odds"),
    Change(
        "who matches twice counts twice", _HAND, "first[1:] = matched[1:] != matched[:-1]", "first[1:] = True", "odds"
    ),
    Change(
        "components are told apart by nothing",
        _HAND,
        "packed = np.packbits(np.stack(truths, axis=1), axis=1)",
        "packed = np.packbits(np.stack(truths, axis=1), axis=1) * 0",
        "odds",
    ),
    Change(
        "two histories of a unit on one seat",
        _DEAL,
        "won = taken[chosen] == mine",
        "won = np.ones(len(mine), dtype=np.bool_)",
        "odds",
    ),
    Change(
        "histories leave their block",
        _DEAL,
        "number = np.minimum(np.arange(count) // block, last)",
        "number = np.minimum(np.arange(count) // (2 * block), last)",
        "odds",
    ),
    Change(
        "the clock of a new owner begins with the first line of all",
        _DEAL,
        "(np.cumsum(trips.lines) - trips.lines)[trip] - begin[hand.who]",
        "(np.cumsum(trips.lines) - trips.lines)[trip]",
        "odds",
    ),
    Change("a trip is dealt more than it held", _DEAL, "np.where(back < 0, wished, back)", "wished", "odds"),
    Change(
        "what stays with an actor loses its account",
        _HAND,
        "moved = pl.lit(pl.Series(who != hand.who[of]))",
        "moved = pl.lit(True)",
        "odds",
    ),
    Change(
        "types of one family meet in a made-up rule",
        _CONTROL,
        "apart = np.all(families[:, 1:] != families[:, :-1], axis=1)",
        "apart = np.ones(len(families), dtype=np.bool_)",
        "odds",
    ),
    Change("types twice as unlike are alike", _CONTROL, "<= ALIKE * number", "<= 2 * ALIKE * number", "odds"),
    Change(
        "chance counts as scatter of harmless rules",
        "odds/calibration.py",
        "np.mean((found - mean) ** 2 - mean - factor",
        "np.mean((found - mean) ** 2 - factor",
        "odds",
    ),
    Change("a ratio of one observed", "odds/interval.py", "ENOUGH = 5", "ENOUGH = 1", "odds"),
    Change(
        "small meetings are told apart",
        "odds/pair.py",
        "np.maximum(self.met, FEW - 1)",
        "np.maximum(self.met, 0)",
        "odds",
    ),
    Change(
        "an alarm at half the evidence",
        "odds/eprocess.py",
        "told >= -math.log(_share(alpha))",
        "told >= -math.log(_share(alpha)) / 2",
        "odds",
    ),
    Change(
        "a day of service begins at midnight",
        _DETECT,
        "begins = plan.window.begins_us if isinstance(plan.window, ServiceDay) else 0",
        "begins = 0",
    ),
    Change(
        "the end of the margin is outside",
        _THERE,
        "reported.ends[chosen] + margin_us",
        "reported.ends[chosen] + margin_us - 1",
        "journeys",
    ),
    Change(
        "the place of a line counts for nothing",
        _THERE,
        "return tap[fits], incident[fits]",
        "return tap, incident",
        "journeys",
    ),
    Change("usual at exactly the share", _THERE, "days * 100 > float(usual)", "days * 100 >= float(usual)", "journeys"),
    Change("a day less of the past", _THERE, "range(1, PAST_DAYS + 1)", "range(1, PAST_DAYS)", "journeys"),
    Change(
        "the time of day by hours gone by",
        _THERE,
        "return zones.to_utc(zones.local(at, zone) + days * _DAY_US, zone)",
        "return at + days * _DAY_US",
        "journeys",
    ),
    Change("a hit for each incident of a tap", _PRESENCE, "return truth & _last(row)", "return truth", "journeys"),
    Change(
        "a tap proves as often as it was at incidents",
        _PRESENCE,
        "collect([(found.owner, place[found.position])], found.counted)",
        "found",
        "journeys",
    ),
    Change(
        "incidents that no request covers are named",
        _PLACED,
        "return reported.chosen(around.covered(rows.frame[reported.row]))",
        "return reported",
        "journeys",
    ),
    Change(
        "attendance at what a request covers alone",
        _ATTENDANCE,
        "placed = at_incidents(plan, condition, rows, keep, reported)",
        "placed = at_incidents(plan, condition, rows, keep, nameable(condition, rows, keep, around))",
        "journeys",
    ),
    Change("exactly so many and not more", _ATTENDANCE, "[1:][::-1].cumsum()[::-1]", "[1:]", "journeys"),
    Change("a day that is not over", _UNUSUAL, "every.day < newest", "every.day <= newest", "journeys"),
    Change(
        "days that touch no incident",
        _UNUSUAL,
        "found.holds[~_touching(found, rows, keep)] = False",
        "found.holds[:0] = False",
        "journeys",
    ),
    Change(
        "days within a minute of an incident", _UNUSUAL, "NEAR_US = 3_600_000_000", "NEAR_US = 60_000_000", "journeys"
    ),
    Change("few own days are ordinary", _UNUSUAL, "np.isnan(of_own) | (of_own", "(of_own", "journeys"),
    Change("own days are not looked at", _UNUSUAL, "if condition.own is not None:", "if False:", "journeys"),
    Change("one feature less", _UNUSUAL, "count >= condition.at_least", "count >= condition.at_least - 1", "journeys"),
    Change(
        "incidents are taps",
        _UNUSUAL,
        "row = np.flatnonzero(keep & ~is_incident(rows))",
        "row = np.flatnonzero(keep)",
        "journeys",
    ),
    Change(
        "a tap of any action begins a ride",
        _TAPS,
        "return ACTIONS.index(text) if text in ACTIONS else MISSING",
        "return ACTIONS.index(text) if text in ACTIONS else ENTER",
        "journeys",
    ),
    Change(
        "a tap that does not say what it is begins none",
        _TAPS,
        "        return ENTER\n",
        "        return MISSING\n",
        "journeys",
    ),
    Change("an empty action says something", _TAPS, "if not text:", "if text is None:", "journeys"),
    Change("an empty text is a place", _CODED, 'known = known.filter(known != "")', "pass", "journeys"),
    Change(
        "an action that cannot be read boards",
        _CODED,
        'action[rows.flagged("action")[row]] = MISSING',
        "pass",
        "journeys",
    ),
    Change("a span without its first account", _SPAN, "exp.GTE(this=account", "exp.GT(this=account", "portions"),
    Change(
        "a span with the first account of the next", _SPAN, "exp.LT(this=account", "exp.LTE(this=account", "portions"
    ),
    Change(
        "rows beside a portion are counted with each",
        "engines/embedded/run.py",
        "counted = ~rows.frame[",
        "counted |= ~rows.frame[",
        "portions",
    ),
    Change("records of a part are counted with each span", _PORTION, "number > 0, rows", "False, rows", "portions"),
    Change(
        "the share of one account is of a portion",
        "engines/embedded/anonymous.py",
        "found = replace(found, taps=rows[str(name)])",
        "pass",
        "portions",
    ),
    Change(
        "a mark is believed of any rows",
        "engines/embedded/partition.py",
        ' or told["rows"] != footer.num_rows',
        "",
        "portions",
    ),
    Change(
        "accounts of other parts are not looked for", _PORTION, "if self.part is not None:", "if False:", "portions"
    ),
    Change(
        "days of all portions are of one card", _LOG_DAYS, "astype(np.int64) + base", "astype(np.int64)", "portions"
    ),
    Change(
        "the newest day of a log is over",
        _LOG_DAYS,
        "newest = max(newest, newest_day(",
        "newest = max(99_999, newest_day(",
        "portions",
    ),
    Change("attendance of the first portion alone", "detect/attendance.py", "fillvalue=0", "fillvalue=1", "portions"),
)
