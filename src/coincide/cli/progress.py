"""A progress bar on stderr for anything that takes over two seconds; rich is imported only then."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

PATIENCE_SECONDS = 2.0


class Progress:
    """``with Progress("reading", rows) as progress: progress.update(rows_done)``.

    Nothing is shown within the first two seconds, nor where stderr is no terminal. ``total`` may be ``None``
    while it is not known.
    """

    def __init__(self, title: str, total: int | None, unit: str = "rows") -> None:
        self.title = title
        self.total = total
        self.unit = unit
        self._done = 0
        self._started = time.monotonic()
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int) -> None:
        """``done`` of ``total`` are done."""
        if self._bar is None:
            if time.monotonic() - self._started < PATIENCE_SECONDS or not sys.stderr.isatty():
                return
            self._bar, self._task = self._open()
        if self._task is not None:
            self._bar.update(self._task, completed=done)

    def advance(self, more: int) -> None:
        """``more`` are done."""
        self._done += more
        self.update(self._done)

    def _open(self) -> tuple[Bar, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar
        from rich.text import Text

        unit = self.unit

        class Rate(ProgressColumn):
            def render(self, task: Task) -> Text:
                return Text(f"{task.speed:,.0f} {unit}/s" if task.speed else "")

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            Rate(),
            TimeRemainingColumn(),
        )
        bar = Bar(*columns, console=Console(stderr=True), transient=True)
        task = bar.add_task(self.title, total=self.total)
        bar.start()
        return bar, task
