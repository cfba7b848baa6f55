"""RQ keeps its queues in a Redis-mode node; its worker runs the jobs in this process and ends when none is left."""

from collections.abc import Iterator

import pytest
import redis
from rq import Queue, Retry, SimpleWorker
from rq.job import JobStatus
from rq.timeouts import TimerDeathPenalty

from tests.clients import rq_jobs
from tests.servers import Server


class Worker(SimpleWorker):
    """Signals are the main thread's: a job's time is kept by a timer."""

    death_penalty_class = TimerDeathPenalty


@pytest.fixture
def connection(redis_mode: Server) -> Iterator[redis.Redis]:
    with redis.Redis(redis_mode.host, redis_mode.port, db=6) as connection:
        connection.flushdb()
        yield connection


def work(queue: Queue) -> None:
    Worker([queue], connection=queue.connection).work(burst=True)


def test_a_job_is_run(connection: redis.Redis) -> None:
    queue = Queue(connection=connection)
    job = queue.enqueue(rq_jobs.multiply, 6, 7)
    assert job.get_status() is JobStatus.QUEUED
    assert queue.job_ids == [job.id]
    work(queue)
    assert job.get_status(refresh=True) is JobStatus.FINISHED
    assert job.return_value() == 42
    assert len(queue) == 0


def test_jobs_that_wait_for_another(connection: redis.Redis) -> None:
    queue = Queue(connection=connection)
    first = queue.enqueue(rq_jobs.multiply, 2, 3)
    second = queue.enqueue(rq_jobs.multiply, 4, 5, depends_on=first)
    assert second.get_status() is JobStatus.DEFERRED
    work(queue)
    assert second.return_value(refresh=True) == 20


def test_a_job_that_fails_is_kept(connection: redis.Redis) -> None:
    queue = Queue(connection=connection)
    job = queue.enqueue(rq_jobs.fail, retry=Retry(max=1))
    work(queue)
    assert job.get_status(refresh=True) is JobStatus.FAILED
    assert job.id in queue.failed_job_registry
    result = job.latest_result()
    assert result is not None
    assert "on purpose" in str(result.exc_string)
