"""Pages with charts: the style and scripts that stand in them, and the policy that lets a browser run these alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Template

from coincide.html import frame, vendored
from coincide.html.figure import cell

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Charted:
    """A template, and what every page of it holds."""

    template: Template
    style: str
    scripts: tuple[str, ...]
    policy: str

    def rendered(self, **values: Any) -> str:
        """The page, HTML."""
        return self.template.render(
            **values, style=self.style, scripts=self.scripts, policy=self.policy, licences=vendored.licences()
        )


def charted(folder: Path, name: str, filters: Mapping[str, Callable[..., Any]]) -> Charted:
    """The template ``name`` of a folder, which may import from ``parts.html`` and has these filters beside the
    shared ones."""
    style = frame.style() + (FOLDER / "charted.css").read_text(encoding="utf-8")
    scripts = (*vendored.scripts(), (FOLDER / "draw.js").read_text(encoding="utf-8"))
    run = " ".join(frame.digest(script) for script in scripts)
    policy = (
        f"default-src 'none'; script-src {run}; style-src {frame.digest(style)}; base-uri 'none'; form-action 'none'"
    )
    environment = frame.environment(folder)
    environment.filters |= {"cell": cell, **filters}
    return Charted(environment.get_template(name), style, scripts, policy)
