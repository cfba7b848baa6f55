"""The few facts on which a cluster's safety stands, kept where all who decide see the same: `contract` first."""
