"""One memcached node on this host: an object (node.py), and the process around it (process.py)."""
