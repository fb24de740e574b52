"""Notices danger in a text and says which rule did; knows nothing of dialogue."""
