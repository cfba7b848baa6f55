"""The wheel: built here, installed into an empty environment, run there with no Rust in sight."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Up, start_up, wait_until_serving

ROOT = Path(__file__).parent.parent
BUILD_SECONDS = 540
"""Less than pytest gives any test."""
PATH_WITHOUT_RUST = "/usr/bin:/bin"


@pytest.fixture(scope="module", autouse=True)
def no_checkout() -> Iterator[None]:
    """What PYTHONPATH names would be taken for installed, and run instead of the wheel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)
        yield


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    made = subprocess.run(
        ["make", "wheel", f"DIST={folder}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", folder], check=True)
    installed = subprocess.run(
        [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", wheel],
        capture_output=True, text=True, env=os.environ | {"PATH": PATH_WITHOUT_RUST}, check=False,
    )  # fmt: skip
    if installed.returncode and "connection" in installed.stderr.lower() and os.environ.get("CI") != "true":
        pytest.skip("the package index cannot be reached")
    assert installed.returncode == 0, installed.stderr
    return folder


def test_it_fits_every_python_from_3_11(wheel: Path) -> None:
    assert "-cp311-abi3-linux_" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert "memcluster/_native.abi3.so" in names
    assert "memcluster/_native.pyi" in names
    assert "memcluster/proxy/placement/__init__.py" in names
    assert not [name for name in names if name.startswith(("proxy/", "tests/", "native/")) or name.endswith(".rs")]


def test_a_cluster_runs_from_it(environment: Path, tmp_path: Path) -> None:
    program = [str(environment / "bin/memcluster")]
    up: Up = start_up(tmp_path, "--port", "0", "--threads", "1", program=program, path=PATH_WITHOUT_RUST)
    try:
        wait_until_serving(up)
        assert up.run("set", "greeting", "hello").returncode == 0
        assert up.run("get", "greeting").stdout == "hello\n"
    finally:
        assert up.end() == 0
