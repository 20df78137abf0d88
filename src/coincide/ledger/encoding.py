"""Base64 as all formats of the ledger have it: RFC 4648, section 4, and no second text for the same bytes."""

from __future__ import annotations

import base64
import binascii


def encoded(content: bytes) -> str:
    """The bytes as text."""
    return base64.b64encode(content).decode()


def decoded(text: str) -> bytes | None:
    """The bytes of a text, ``None`` if it is none that :func:`encoded` makes (spare bits, spaces, no padding)."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if encoded(content) == text else None
