"""Two applications in front of a cluster: a database's cache, and a website's sessions."""
