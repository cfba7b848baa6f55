"""Measures memcluster beside what else people would use, in turns, each pinned alike: `python -m bench --help`."""
