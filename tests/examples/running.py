"""Runs an example as its README says, and looks at what a cluster holds afterwards."""

import os
import subprocess
import sys
from pathlib import Path

from memcluster import Cluster

ROOT = Path(__file__).parent.parent.parent
TIMEOUT_SECONDS = 60.0


def run(example: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Warnings are errors, as in the tests themselves."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", f"examples.{example}", *arguments],
        cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": ""}, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip


def count(cluster: Cluster, statistic: str) -> int:
    """Of all nodes together."""
    return sum(int(node.stats()[statistic]) for node in cluster.nodes)
