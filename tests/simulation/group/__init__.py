"""A replication group in one process, from one seed: the shipped loop and decisions over nodes that keep the contract."""
