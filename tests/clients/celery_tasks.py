"""The tasks of test_redis_celery.py, as its worker imports them; the environment says where the broker is."""

import os

from celery import Celery

application = Celery("tasks", broker=os.environ["CELERY_URL"], backend=os.environ["CELERY_URL"])
application.conf.update(
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
    result_expires=60,
    task_default_queue="memcluster-test",
)


@application.task
def add(x: int, y: int) -> int:
    return x + y


@application.task
def total(numbers: list[int]) -> int:
    return sum(numbers)


@application.task(bind=True, max_retries=3)
def stubborn(self, key: str) -> int:  # type: ignore[no-untyped-def]
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return int(self.request.retries)


@application.task
def fail() -> None:
    raise ValueError("on purpose")
