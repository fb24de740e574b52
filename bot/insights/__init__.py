"""Counts without persons: reports and the survey."""
