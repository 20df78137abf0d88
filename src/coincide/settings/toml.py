"""Values as TOML writes them."""

from __future__ import annotations

import json


def quoted(value: str | list[str]) -> str:
    """A TOML text or list: JSON's escapes are TOML's too, but for the one control that JSON lets pass."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
