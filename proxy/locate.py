"""Where keys are, as the engine's router decides it."""

from __future__ import annotations

from memcluster import _native


def locate(topology: str, key: bytes) -> tuple[str, list[str]]:
    """The key's pool and the servers that hold it, first choice first; the engine remembers the last topology."""
    return _native.locate(topology, key)
