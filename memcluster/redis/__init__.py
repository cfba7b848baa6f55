"""One Redis-mode node on this host: what it can be told, an object, and the process around it."""
