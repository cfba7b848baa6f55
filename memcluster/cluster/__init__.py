"""Many processes as one cache: ports, the supervisor and what it decides, discovery, and what runs where."""
