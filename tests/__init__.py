"""memcluster's tests. What several of them share stands in servers.py (processes) and connection.py (raw sockets)."""
