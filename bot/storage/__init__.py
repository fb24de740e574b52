"""One file per store: SQL and nothing else."""
