"""What can go wrong with reports: codes ``COI-P0nn``."""

from __future__ import annotations

from coincide.errors import CoincideError


class NothingToReport(CoincideError):
    """The alert was withdrawn or superseded, so there is nothing to report.

    A withdrawn alert is not found any more in the data; a superseded one goes on in another: draft from that.
    `coincide alerts show` says why. Reports that were drafted before stay as they are.
    """

    code = "COI-P001"

    def __init__(self, name: str, status: str, survivor: str | None) -> None:
        self.name = name
        hint = f"take {survivor}, which goes on in its place" if survivor else f"`coincide alerts show {name}` says why"
        super().__init__(f"{name} is {status}, so there is nothing to report", hint=hint)


class DecidedBenign(CoincideError):
    """A person has decided that the alert is benign: a report of it would say the opposite.

    If the decision was wrong, replace it first with `coincide alerts decide ... --again`; both stay on record.
    """

    code = "COI-P002"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name} was decided benign, and a report would say the opposite",
            hint=f"if that was wrong: `coincide alerts decide {name} suspicious --because ... --again`",
        )


class NotAboutSuchGoods(CoincideError):
    """The obligation is about certain goods, and no event in the evidence is of one of them.

    `eu-2019-1148` is about regulated explosives precursors (Regulation (EU) 2019/1148, Article 9(1)). Which article of
    the shop is one says the catalog, by the component names of the obligation's mapping file. Whatever else is worth
    naming to an authority can be drafted under `voluntary`.
    """

    code = "COI-P003"

    def __init__(self, name: str, obligation: str, law: str, because: str) -> None:
        self.name = name
        super().__init__(
            f"no item in the evidence of {name} is one that `{obligation}` is about: {law}, {because}",
            hint="give the item its component in the catalog, or draft under `--obligation voluntary`",
        )


class NoSuchReport(CoincideError):
    """No report has this number, or not so many revisions.

    Reports are called `R-` and a number, and keep it for ever; `coincide report list` lists them.
    """

    code = "COI-P004"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no report `{name}`", hint="`coincide report list` lists them")


class NoSourcedEvent(CoincideError):
    """A report rests on at least one event with its source, and the alert has none.

    What no record of a source shows cannot be drafted here.
    """

    code = "COI-P005"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} rests on no event of a source, so nothing can be drafted from it")


class FileIsThere(CoincideError):
    """The file that `--out` names is there already, and is not written over.

    Somebody may have completed it. Name another file, or move that one away.
    """

    code = "COI-P006"
    exit_status = 2

    def __init__(self, file: str) -> None:
        super().__init__(f"`{file}` is there already, perhaps completed by somebody", hint="name another file")


class ChangedMeanwhile(CoincideError):
    """A scan or a person changed the alert while its evidence was read, so the draft would not be of the alert.

    Nothing was drafted. Look at the alert, and draft again.
    """

    code = "COI-P007"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} changed while its evidence was read; nothing was drafted", hint="draft again")


class ReportErased(CoincideError):
    """The revision of the report was erased: on the request of a person, or because its time was over.

    Its number, alert and obligation, when it was drafted and by whom stay; what it held is gone for good. Other
    revisions of it may be there (`--revision`), and another can be drafted if the alert is.
    """

    code = "COI-P008"

    def __init__(self, name: str, at: str) -> None:
        self.name = name
        super().__init__(f"{name} was erased on {at[:10]}, so there is nothing to show")
