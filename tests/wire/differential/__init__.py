"""Random commands to a server of ours and to the real memcached: the same answers, or a row in the table."""
