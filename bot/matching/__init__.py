"""Finds the topic, place or prison that a text means; knows nothing of dialogue."""

from bot.matching.index import Candidate, MatchResult, Phrase, Thresholds, TopicIndex

__all__ = ["Candidate", "MatchResult", "Phrase", "Thresholds", "TopicIndex"]
