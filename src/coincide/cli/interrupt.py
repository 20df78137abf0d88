"""Ctrl-C: that it was pressed is remembered, because a library may make another error of the KeyboardInterrupt."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class Interrupt:
    """``with Interrupt() as interrupt:`` ... ``interrupt.asked`` says whether Ctrl-C was pressed inside.

    Ctrl-C raises KeyboardInterrupt as ever. Where the process was told to ignore it, or does something else on it,
    that stays; and only the main thread may ask.
    """

    def __init__(self) -> None:
        self.asked = False
        self._mine = False

    def __enter__(self) -> Interrupt:
        usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if usual and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, self._noted)
            self._mine = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._mine:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _noted(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.default_int_handler(number, frame)
