"""Load tests of any memcached server: what to ask, the run (in Rust, off the interpreter), and what came of it."""
