"""Unmodified client libraries, straight to a node and through the proxy."""
