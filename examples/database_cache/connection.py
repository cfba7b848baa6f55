"""A client for which a cache that is away holds nothing.

An error counts as a miss, a write that fails is dropped, and after an error the cache is left alone for a second, so
that visitors need not wait for it.
"""

from pymemcache import HashClient

TIMEOUT_SECONDS = 0.5
AWAY_SECONDS = 1


def connect(server: str) -> HashClient:
    """To HOST:PORT, the cluster's proxy; threads may share the client."""
    return HashClient(
        [server],
        connect_timeout=TIMEOUT_SECONDS,
        timeout=TIMEOUT_SECONDS,
        retry_timeout=AWAY_SECONDS,
        dead_timeout=AWAY_SECONDS,
        ignore_exc=True,
        use_pooling=True,
        default_noreply=False,  # a write is over when it is answered
    )
