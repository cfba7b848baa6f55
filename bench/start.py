"""Starting: how long until the first answer, and how much memory before the first item."""

from bench.contest import Figures, Scene


def measure(scene: Scene) -> Figures:
    """The server has just answered for the first time."""
    return {"start_seconds": scene.server.start_seconds, "resident_mb": scene.server.resident_bytes / (1 << 20)}
