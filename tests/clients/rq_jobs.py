"""The jobs of test_redis_rq.py, as its worker imports them."""


def multiply(x: int, y: int) -> int:
    return x * y


def fail() -> None:
    raise ValueError("on purpose")
