"""A port that answers as Redis's Sentinel does, for clients that find their primary by it. `picture` first."""
