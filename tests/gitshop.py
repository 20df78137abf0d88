"""Real git repositories in temporary folders, for the tests of what git is asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

AUTHOR = "Ann Author"
ADDRESS = "ann@example.org"


def git(folder: Path, *arguments: str, author: str = AUTHOR) -> str:
    """What git prints, called as its user would call it, without the user's own settings."""
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_DATE": "2025-03-01T10:00:00Z",
        "GIT_COMMITTER_DATE": "2025-03-01T10:00:00Z",
    }
    for who in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{who}_NAME": author, f"GIT_{who}_EMAIL": ADDRESS}
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def committed(folder: Path, message: str = "a change", author: str = AUTHOR) -> str:
    """Commits everything in the folder, in a new repository if there is none: the commit."""
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all", ".")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message, author=author)
    return git(folder, "rev-parse", "HEAD")
