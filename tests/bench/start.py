"""How long the command line takes to start, against yardsticks measured in turn with it.

``coincide --help`` against a bare click app with as many lazy commands; prints one JSON document. Bar: 1.3.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time

from coincide.cli.main import COMMANDS

ROUNDS = 25

BARE = f"""
import click

NAMES = {[(command.name, command.help) for command in COMMANDS]!r}

class Lazy(click.Group):
    def list_commands(self, ctx):
        return [name for name, _ in NAMES]
    def format_commands(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(NAMES)

@click.group(cls=Lazy)
@click.version_option("0")
def app():
    "A bare app."

app(["--help"], prog_name="bare")
"""
OURS = "from coincide.cli.main import main; main(['--help'])"


def seconds(code: str) -> float:
    """Wall time of one fresh process that runs ``code``."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(*, rounds: int = ROUNDS) -> dict[str, float]:
    """Medians in seconds, and the ratio. The two take turns, so that a busy machine slows both."""
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(seconds(BARE))
        ours.append(seconds(OURS))
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    return {"bare": statistics.median(bare), "coincide": statistics.median(ours), "ratio": ratio}


if __name__ == "__main__":
    print(json.dumps({name: round(value, 4) for name, value in measure().items()}))
