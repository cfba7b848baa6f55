"""A store of tests is as slow as the machine is busy, and no worse for it."""

import pytest


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memcluster.cluster.store.embedded.TIMEOUT_SECONDS", 30.0)
