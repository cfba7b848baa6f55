"""Copies: nodes and real redis-servers as each other's primaries and replicas, under load, through cuts and kills."""
