"""Public contracts: who won what, from whom, for how much."""
