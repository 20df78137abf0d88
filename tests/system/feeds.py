"""Real GTFS feeds out of the source distribution of ``gtfs_kit`` on PyPI: fetched when asked for, never copied here.

The package is MIT; the licences of its feeds are those of their agencies and do not come with them.
"""

from __future__ import annotations

import shutil
import sys
import tarfile
from pathlib import Path

from system.process import must, run

PACKAGE = "gtfs_kit==13.0.1"
SHA256 = "9c4a58e6f11971d262dbaec08e4f85f727b6609479d07e39a54f2ca4f84eb65a"
FOLDER = Path(__file__).parents[2] / ".venv" / "feeds"


def fetched() -> Path:
    """The folder of the feeds, ``cairns_gtfs.zip`` and others. What PyPI gives must be what it gave once."""
    ready = FOLDER / SHA256
    if ready.is_dir():
        return ready
    shutil.rmtree(FOLDER, ignore_errors=True)
    environment = FOLDER / "pip"
    must(run(sys.executable, "-m", "venv", environment))
    pip = (environment / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    wanted = FOLDER / "requirements.txt"
    wanted.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n", encoding="utf-8")
    # Of its dependencies none is needed. pip compares the hash before it looks inside.
    must(
        run(
            *pip, "download", "--require-hashes", "--no-deps", "--no-binary", "gtfs-kit", "--dest", FOLDER, "-r", wanted
        )
    )
    (archive,) = FOLDER.glob("gtfs_kit-*.tar.gz")
    made = FOLDER / "unpacked"
    made.mkdir()
    with tarfile.open(archive) as content:
        for member in content.getmembers():
            if member.isfile() and "/data/" in member.name and member.name.endswith("_gtfs.zip"):
                member.name = Path(member.name).name
                content.extract(member, made, filter="data")
    made.rename(ready)
    return ready
