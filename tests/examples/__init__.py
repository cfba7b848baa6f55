"""The examples, run for real against a cluster."""
