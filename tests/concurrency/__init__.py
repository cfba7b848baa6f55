"""Histories of many connections at once, recorded against a Redis-mode node and checked for what they promise."""
