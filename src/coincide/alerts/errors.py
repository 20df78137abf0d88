"""What can go wrong with alerts: codes ``COI-A0nn``."""

from __future__ import annotations

from collections.abc import Sequence

from coincide.errors import CoincideError


class NoSuchAlert(CoincideError):
    """No alert has this number.

    Alerts are called `A-` and a number, and keep it for ever; `coincide alerts --status all` lists all of
    them. Look whether the command runs in the right workspace.
    """

    code = "COI-A001"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no alert `{name}`", hint="`coincide alerts --status all` lists them all")


class AlertClosed(CoincideError):
    """The alert was superseded or withdrawn, so there is nothing to decide.

    A superseded alert goes on in another one: decide that. A withdrawn one is not found any more in the data.
    `coincide alerts show` says why.
    """

    code = "COI-A002"

    def __init__(self, name: str, status: str, survivor: str | None) -> None:
        self.name = name
        self.status = status
        hint = (
            f"decide {survivor}, which goes on in its place" if survivor else f"`coincide alerts show {name}` says why"
        )
        super().__init__(f"{name} is {status} and cannot be decided", hint=hint)


class AlreadyDecided(CoincideError):
    """A person has decided this alert already.

    To replace that decision, say so with `--again`; the earlier one stays in the history.
    """

    code = "COI-A003"

    def __init__(self, name: str, disposition: str, on: str) -> None:
        self.name = name
        super().__init__(
            f"{name} was decided {disposition} on {on}",
            hint="`--again` replaces the decision; the old one stays on record",
        )


class ReasonMissing(CoincideError):
    """What concerns a person needs a reason that another person can follow.

    That is so for a decision, a suppression, a separation, a look at an identity, and an answer to a person who asks
    what is stored or wants it erased.

    Write it in quotes, after the option that the hint names.
    """

    code = "COI-A004"
    exit_status = 2

    def __init__(self, what: str, option: str = "--because") -> None:
        super().__init__(f"{what} needs a reason", hint=f'{option} "why"')


class UnknownActor(CoincideError):
    """No alert is about this actor or account, and no file links it to another.

    Actors are named by pseudonyms (`p-...`), as in `coincide alerts`. The identifier itself is not
    understood here, so that it does not stay in the history of the shell.
    """

    code = "COI-A005"

    def __init__(self) -> None:
        super().__init__(
            "no actor or account of this name is known",
            hint="use the pseudonym `p-...` that `coincide alerts` shows",
        )


class UnknownRule(CoincideError):
    """No scan ever ran a rule of this id, so there is nothing to suppress.

    The sentence offers an id that is spelt nearly so.
    """

    code = "COI-A006"

    def __init__(self, rule: str, known: Sequence[str]) -> None:
        import difflib

        self.rule = rule
        near = difflib.get_close_matches(rule, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else "`coincide alerts --json` shows the rules of alerts"
        super().__init__(f"no scan has run a rule `{rule}`", hint=hint)


class SuppressionOver(CoincideError):
    """The date of the suppression is not in the future, so it would suppress nothing.

    A suppression holds until the beginning of its date, in UTC.
    """

    code = "COI-A007"
    exit_status = 2

    def __init__(self, until: str) -> None:
        super().__init__(f"the suppression would end on {until}, which is past", hint="name a date in the future")


class NothingToLift(CoincideError):
    """There is no suppression of this rule for this actor.

    `coincide alerts suppressions` lists them.
    """

    code = "COI-A008"

    def __init__(self, rule: str) -> None:
        super().__init__(f"no suppression of `{rule}` for this actor", hint="`coincide alerts suppressions` lists them")


class SameAccount(CoincideError):
    """An account cannot be separated from itself.

    Name two different accounts by their pseudonyms.
    """

    code = "COI-A009"
    exit_status = 2

    def __init__(self) -> None:
        super().__init__("a separation needs two different accounts", hint="name two pseudonyms `p-...`")


class BadPage(CoincideError):
    """The place to go on from, given after `--after`, is not one that a page before printed.

    Copy it from the end of that page (or from `next` of its JSON), or leave `--after` away to begin at the
    first page.
    """

    code = "COI-A010"
    exit_status = 2

    def __init__(self, after: str) -> None:
        super().__init__(f"`--after {after}` is no place in the list", hint="copy it from the end of the page before")


class NotQuarantined(CoincideError):
    """No row at this place is in quarantine.

    A row is named by source, file (as `coincide quarantine` prints it) and position: the line of a text file, the
    row of a Parquet file from 0. A scan since may have taken it out.
    """

    code = "COI-A015"

    def __init__(self, source: str, file: str, position: int) -> None:
        super().__init__(
            f"row {position} of `{file}` (source `{source}`) is not in quarantine",
            hint="`coincide quarantine` lists the rows that are",
        )


class UnknownAccount(CoincideError):
    """No row of any source is of this account, so there is nothing to tell about it.

    An account is named by its pseudonym (`p-...`), if an alert is about it or its actor, or as the source
    gives it: `NAMESPACE:ACCOUNT`, or the bare account where there is one namespace. A rule that looks by a field
    (an organisation, a card) takes a value of that field.
    """

    code = "COI-A011"
    exit_status = 2

    def __init__(self, by: str) -> None:
        self.by = by
        what = "account" if by in ("actor", "account") else f"`{by}`"
        hint = "write it as the source gives it, or as the pseudonym `p-...` that `coincide alerts` shows"
        super().__init__(f"no row of any source is of this {what}", hint=hint)


class NamespaceMissing(CoincideError):
    """The workspace has several namespaces of accounts, and the same account may be another party in each.

    Write the namespace in front of the account, with a colon between.
    """

    code = "COI-A012"
    exit_status = 2

    def __init__(self, namespaces: Sequence[str]) -> None:
        self.namespaces = namespaces
        known = ", ".join(f"`{name}`" for name in namespaces)
        super().__init__("the account does not say its namespace", hint=f"`NAMESPACE:ACCOUNT` with one of {known}")


class NotAsFound(CoincideError):
    """The files, the rule or the accounts are not as they were when the alert was found.

    `coincide alerts show` then shows the evidence that is kept with the alert, and says why; `coincide report draft`
    drafts nothing, because nobody could check the products. A scan finds out what became of the alert.
    """

    code = "COI-A013"

    def __init__(self, name: str, what: str) -> None:
        self.name = name
        super().__init__(f"{name} cannot be followed in the files: {what}", hint="run `coincide scan`")


class GroundOver(CoincideError):
    """A request under which the alert was found is not in force any more, so it is not shown, decided or reported.

    Who was at incidents may be told only under a recorded request. Whether another one that is in force covers these
    incidents too, the next scan finds out: it keeps the alert, or withdraws it.
    """

    code = "COI-A023"

    def __init__(self, name: str, requests: Sequence[str]) -> None:
        self.name, self.requests = name, tuple(requests)
        are = "is" if len(requests) == 1 else "are"
        super().__init__(
            f"{name} is not shown: {', '.join(requests)}, under which it was found, {are} not in force any more",
            hint="run `coincide scan`, which finds out whether another request covers it",
        )


class AlertErased(CoincideError):
    """What the alert was about has been erased: on the request of a person, or because its time was over.

    Its number, rule and end are kept so that what was counted stays true. There is nothing left to decide on.
    """

    code = "COI-A020"

    def __init__(self, name: str, at: str) -> None:
        self.name = name
        super().__init__(f"{name} was erased on {at}", hint="there is nothing left to decide; see its history")


class UnknownNamespace(CoincideError):
    """No source names this namespace of accounts, and nothing is stored in it.

    To say "nothing is stored" about an account in a misspelt namespace would be a wrong answer. The namespace of a
    source is its `accounts`, or its own name; values of fields and identifiers are in one of their own, such as
    `@link.card`.
    """

    code = "COI-A021"
    exit_status = 2

    def __init__(self, namespace: str, known: Sequence[str]) -> None:
        self.namespace = namespace
        listed = ", ".join(f"`{name}`" for name in known) or "none yet"
        super().__init__(f"there is no namespace `{namespace}`", hint=f"known are {listed}")


class ErasureHindered(CoincideError):
    """Something about the account is not finished: an alert that nobody has decided, or a report under way.

    Regulation (EU) 2016/679, Article 17(3): erasure may be refused as far as the data are needed for a legal
    obligation or a task in the public interest (b), or for legal claims (e) (unchecked). Whether that is so here, a
    person judges. Decide the alert first. No command finishes a report yet: one that was drafted, or an alert that was
    considered for one, hinders until its time is over (`coincide retain`). Or say with `--override "why"` that none of
    these grounds holds: then the report is erased too. The refusal and the override are entered in the ledger, with the
    reason and without the account.
    """

    code = "COI-A022"

    def __init__(self, hindrances: Sequence[str]) -> None:
        self.hindrances = tuple(hindrances)
        super().__init__(
            f"not erased: {', '.join(hindrances)} (grounds: Regulation (EU) 2016/679, Art. 17(3)(b), (e))",
            hint='decide the alert first, or `--override "why no ground holds"`, which goes into the ledger',
        )


class PlanOutdated(CoincideError):
    """Something else would be done now than what was planned, so nothing was done.

    A rule, the catalog, a list, a setting or a file was changed after `coincide rules plan`, a scan ran, or somebody
    decided an alert. Look at the plan as it is now, and apply that.
    """

    code = "COI-A030"
    exit_status = 1

    def __init__(self, planned: str, now: str) -> None:
        self.now = now
        super().__init__(
            f"the plan {planned} is no longer what would be done; nothing was done",
            hint=f"`coincide rules plan` shows what would be done now ({now})",
        )
