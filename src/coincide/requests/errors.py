"""What can go wrong with recorded requests: codes ``COI-Q0nn``."""

from __future__ import annotations

from coincide.errors import CoincideError


class NoSuchRequest(CoincideError):
    """No recorded request has this number.

    Requests are called `Q-` and a number, and keep it for ever; `coincide request list` lists them.
    """

    code = "COI-Q001"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no request `{name}`", hint="`coincide request list` lists them")


class Everywhere(CoincideError):
    """A request names its places and lines one by one; one for everywhere, or for nowhere in particular, is refused.

    Who was where is personal data of everybody who was there. It may be looked at only as far as the purpose needs:
    for a firm's own security by Regulation (EU) 2016/679, Article 5(1)(c) (data minimisation) and 6(1)(f) (only as far
    as necessary), for authorities by Directive (EU) 2016/680, Article 4(1)(c) (not excessive) and 8(1) (necessary for
    the task); all unchecked. Name the stops or lines at which the incidents were reported.
    """

    code = "COI-Q002"

    def __init__(self, given: str | None) -> None:
        self.given = given
        what = "no place and no line" if given is None else f"`{given}`, which is no single place or line"
        super().__init__(
            f"the request names {what}; a request for everywhere is more than any purpose needs: Regulation (EU) "
            "2016/679, Art. 5(1)(c) and 6(1)(f); Directive (EU) 2016/680, Art. 4(1)(c) and 8(1) (unchecked)",
            hint="name each stop by --place and each line by --line, as the events name them",
        )


class TooWide(CoincideError):
    """The request asks about more places, or more time, than one request may.

    What is needed is asked for incident by incident (see COI-Q002 for the law). The bounds are `[requests] most_places`
    and `most_hours` in the settings; whoever raises them has a reason that stands up to an audit. Two requests that
    were each weighed are better than one that was not. Where the workspace has a network, more than half of its stops,
    or of its lines, is too much whatever the settings say.
    """

    code = "COI-Q003"

    def __init__(self, what: str, most: str, setting: str | None = None) -> None:
        bound = "" if setting is None else f"; the bound is `[requests] {setting}`"
        super().__init__(
            f"the request asks about {what}, and one request may about at most {most}",
            hint=f"ask about the incidents one by one{bound}",
        )


class SpanUnclear(CoincideError):
    """A span is two times with their zone, `FROM/TO`, the first before the second.

    Such as `2026-03-02T07:00+01:00/2026-03-02T09:30+01:00`, or with `Z` for UTC. A time without a zone is refused
    here: an hour too early or too late would show the wrong people.
    """

    code = "COI-Q004"
    exit_status = 2

    def __init__(self, given: str, wrong: str) -> None:
        super().__init__(f"the span `{given}` {wrong}", hint="such as 2026-03-02T07:00+01:00/2026-03-02T09:30+01:00")


class SpanAhead(CoincideError):
    """A span ends in the future. A request is about incidents that were reported, so it looks back.

    To watch a place from now on is another measure, with a law of its own; Coincide does not do it. For incidents that
    are still to come, ask when they have been reported.
    """

    code = "COI-Q005"

    def __init__(self, ends: str) -> None:
        super().__init__(
            f"a span ends in the future, at {ends}: a request is about incidents that were reported already",
            hint="let it end by now; ask again when more has been reported",
        )


class SamePerson(CoincideError):
    """Whoever made a request does not confirm or refuse it: that takes a second person (four eyes).

    How a name is written makes no second person. The attempt is in the ledger. Whoever made a request by mistake can
    end it.
    """

    code = "COI-Q006"

    def __init__(self, name: str, by: str) -> None:
        self.name = name
        super().__init__(
            f"{name} was made by {by}, and its answer is for a second person", hint=f"or end it: `request end {name}`"
        )


class SameLogin(CoincideError):
    """The request was made under the same login: two names that one login gives are not four eyes.

    Where the staff share one login, as on a server, `[requests] shared_login = true` lets the names of `--by` count
    alone; the request then shows for ever that both acts came from one login. The attempt is in the ledger.
    """

    code = "COI-Q007"

    def __init__(self, name: str, login: str) -> None:
        self.name = name
        super().__init__(
            f"{name} was made under the login `{login}` too, and its answer is for a second person",
            hint="use that person's login; where staff share one: `[requests] shared_login = true` in coincide.toml",
        )


class NotConfirmable(CoincideError):
    """The request has its answer already, was ended, or its time is over, so it can be neither confirmed nor refused.

    What was refused or has expired is asked anew: a new request is weighed anew.
    """

    code = "COI-Q008"

    def __init__(self, name: str, state: str) -> None:
        self.name = name
        super().__init__(
            f"{name} is {state}, and only what is proposed can be confirmed or refused",
            hint="`coincide request new` asks anew",
        )


class NotSeen(CoincideError):
    """Whoever confirms or refuses a request gives the code that stands below it: eight digits for all that it says.

    `coincide request show` shows the whole request with its code, and who looked at it is in the ledger. A code that is
    wrong is of another request.
    """

    code = "COI-Q009"

    def __init__(self, name: str, seen: str | None) -> None:
        self.name = name
        what = "the code below it was not given" if seen is None else f"`{seen}` is not the code below it"
        super().__init__(
            f"whoever answers {name} has read it, and {what}",
            hint=f"`coincide request show {name}` ends with its code; give it as --seen",
        )


class NamesSomebody(CoincideError):
    """A text of the request holds a pseudonym. A request names places and times, and nobody.

    Whom it leads to is the answer, and not part of the question: a request for a person would be a search of somebody's
    journeys, which Coincide does not make.
    """

    code = "COI-Q010"

    def __init__(self, field: str) -> None:
        super().__init__(
            f"the {field} of the request holds a pseudonym: a request names places and times, and nobody",
            hint="leave the pseudonym out",
        )


class TextUnfit(CoincideError):
    """A text that a request needs is missing, or longer than it may be.

    Reference, offence and legal basis tell an auditor what was asked and why it was permitted; a reason tells why it
    was confirmed, refused or ended. None may be empty.
    """

    code = "COI-Q011"
    exit_status = 2

    def __init__(self, field: str, most: int | None = None) -> None:
        wrong = "is missing" if most is None else f"is longer than {most:,} characters"
        super().__init__(f"the {field} of the request {wrong}", hint="say it in a sentence")


class NotEndable(CoincideError):
    """The request was refused or ended, or its time is over: there is nothing to end."""

    code = "COI-Q012"

    def __init__(self, name: str, state: str) -> None:
        self.name = name
        super().__init__(f"{name} is {state} already", hint=f"`coincide request show {name}` says since when")


class NoSpan(CoincideError):
    """A request names the spans of time that it is about; without one it would be about all time."""

    code = "COI-Q013"
    exit_status = 2

    def __init__(self) -> None:
        super().__init__(
            "the request names no span of time", hint="give each as --span FROM/TO, around the times of the incidents"
        )
