"""A replication group that heals itself: one primary, its replicas, and who decides about them. `decide` first."""
