"""Fixtures of the desk's tests."""
