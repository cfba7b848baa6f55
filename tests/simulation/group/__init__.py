"""A replication group in one process, from one seed: the loop that ships, over nodes that keep the contract."""
