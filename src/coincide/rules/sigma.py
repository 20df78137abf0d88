"""A Sigma rule, told by its keys: people who know Sigma bring theirs, and are owed one sentence instead of a heap.

Sigma (github.com/SigmaHQ/sigma-specification, version 2) requires ``logsource`` and ``detection``, of which no rule
of ours has either.
"""

from __future__ import annotations

from coincide.rules.document import Mapping, Scalar


def is_sigma(document: Mapping) -> Scalar | None:
    """The key by which a document is a Sigma rule; ``None`` if it is none."""
    logsource, detection = document.entry("logsource"), document.entry("detection")
    return logsource.key if logsource is not None and detection is not None else None
