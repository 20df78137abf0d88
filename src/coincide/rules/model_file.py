"""A trained model where a rule should be, told by its keys or its bytes. Coincide runs none, and says why.

A rule says in words what it looks for; a model that assesses from past behaviour who may offend is what Regulation
(EU) 2024/1689, Article 5(1)(d), forbids to place on the market (unchecked).
"""

from __future__ import annotations

from coincide.rules.document import Mapping, Scalar

KEYS = frozenset({"model", "classifier", "estimator", "weights", "predict", "score", "risk"})
_MAGIC = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"\x08\x03", b"\x08\x07", b"\x08\x08", b"\x08\x09")
"""How pickles (protocols 2 to 5) and ONNX files (versions of their format) begin."""
_CONTAINERS = (b"PK\x03\x04", b"\x89HDF\r\n", b"GGUF", b"\x1f\x8b", b"BZh", b"TFL3")
"""How archives of weights begin: PyTorch and Keras (ZIP), HDF5, GGUF, compressed pickles, TensorFlow Lite."""


def is_model(document: Mapping) -> Scalar | None:
    """The key by which a document asks for a model; ``None`` if there is none."""
    return next((entry.key for entry in document.entries if entry.key.text in KEYS), None)


def holds_model(data: bytes) -> bool:
    """Whether a file begins as trained models do. No text begins so."""
    return data.startswith((*_MAGIC, *_CONTAINERS)) or data[4:8] == b"TFL3"
