"""Celery with a Redis-mode node as broker and as result store; its worker is a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from celery import chain, chord, group

from tests.servers import Server, wait_for

ANSWER_SECONDS = 30


@pytest.fixture(scope="module")
def tasks(redis_mode: Server) -> Iterator[ModuleType]:
    """The tasks, with a worker that serves them."""
    os.environ["CELERY_URL"] = f"redis://{redis_mode.endpoint}/5"
    from tests.clients import celery_tasks

    options = ["--concurrency", "2", "--pool", "threads", "--loglevel", "WARNING", "--without-mingle"]
    command = [sys.executable, "-m", "celery", "-A", "tests.clients.celery_tasks", "worker", *options]
    worker = subprocess.Popen(command, cwd=Path(__file__).parents[2], env=os.environ, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: celery_tasks.application.control.ping(timeout=1.0), "the worker", ANSWER_SECONDS)
        yield celery_tasks
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(ANSWER_SECONDS)
        celery_tasks.application.close()
        del os.environ["CELERY_URL"]


def test_a_task(tasks: ModuleType) -> None:
    assert tasks.add.delay(2, 3).get(ANSWER_SECONDS) == 5


def test_a_chain_and_a_group(tasks: ModuleType) -> None:
    assert chain(tasks.add.s(1, 2), tasks.add.s(3), tasks.add.s(4))().get(ANSWER_SECONDS) == 10
    assert group(tasks.add.s(n, n) for n in range(10))().get(ANSWER_SECONDS) == [2 * n for n in range(10)]


def test_a_chord(tasks: ModuleType) -> None:
    result = chord([tasks.add.s(n, 1) for n in range(20)], tasks.total.s())()
    assert result.get(ANSWER_SECONDS) == sum(n + 1 for n in range(20))


def test_a_task_that_is_tried_again(tasks: ModuleType) -> None:
    assert tasks.stubborn.delay("key").get(ANSWER_SECONDS) == 2


def test_a_task_that_fails(tasks: ModuleType) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        tasks.fail.delay().get(ANSWER_SECONDS)
