"""Random commands to a Redis-mode node and to the real redis-server: the same answers, or a row in the table."""
