"""Starting: how long until the first answer, and how much memory before the first item."""

from bench.contest import Figures, Scene


def first_answer(scene: Scene) -> Figures:
    """Of several processes: only the time."""
    return {"start_seconds": scene.server.start_seconds}


def measure(scene: Scene) -> Figures:
    """The server has just answered for the first time."""
    return {"start_seconds": scene.server.start_seconds, "resident_mb": scene.server.resident_bytes / (1 << 20)}
