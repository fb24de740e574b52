"""Finds the topic, place or prison that a text means; knows nothing of dialogue."""
