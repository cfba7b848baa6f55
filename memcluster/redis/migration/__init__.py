"""Moving the data of a running Redis into one of ours, while clients go on writing: by replication.

    start ─> syncing ─> following, lag ever smaller ─> complete: lag is nothing, ours is a primary
      └─────────── stop: ours follows nobody any more; the source never noticed ──────────┘

sides      what source and target say of themselves, as frozen values
judgement  what stands in the way, how far it is: pure
steps      test, start, status, complete, stop: the orders

The way out is the same from the other side: a redis-server that follows one of ours (docs/migration.md).
"""
