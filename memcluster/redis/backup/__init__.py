"""Backups of Redis mode: snapshots of a group in a directory or an object store, when they are due, how long they stay.

settings   what a group is told about its snapshots
manifest   what is known of one snapshot
target     where they lie: a directory, or any URL that fsspec knows
schedule   when the next is due          | pure, over frozen values
retention  which have had their time     |
plan       what is to be done now        |
source     which node one is taken from  |
create     takes one: order, wait, verify, publish
verify     that a file is the snapshot it is said to be, by loading it
restore    out of the target: to a group's seed, to a plain RDB file
"""
