"""What can go wrong when journeys are looked at: codes ``COI-T07n``."""

from __future__ import annotations

from coincide.errors import CoincideError
from coincide.journeys.few import FEWEST


class NoTaps(CoincideError):
    """No source of the workspace has a tap that begins a ride, so there is no city to look at.

    Taps are events of kind `tap` with an `action` of `enter`, `exit`, `transfer` or `single`; exits alone begin no
    ride. `coincide doctor` says what the sources hold.
    """

    code = "COI-T070"

    def __init__(self) -> None:
        super().__init__(
            "no source has taps that begin a ride", hint="map a source of kind `tap`; `coincide doctor` shows the rest"
        )


class TooFewCards(CoincideError):
    """The taps are of fewer than ten cards: an overview of them would be about each of the few who hold them.

    Every count that an overview shows is of ten or more. Read more days, or more of the network.
    """

    code = "COI-T071"

    def __init__(self) -> None:
        super().__init__(
            f"the taps are of fewer than {FEWEST} cards, and an overview would be about each of their holders",
            hint="read more days, or more of the network",
        )
