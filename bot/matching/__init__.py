"""Finds the topic, place or prison that a text means; knows nothing of dialogue."""

from bot.matching.evidence import Thresholds
from bot.matching.features import Lexicon
from bot.matching.index import Candidate, MatchResult, Phrase, TopicIndex

__all__ = ["Candidate", "Lexicon", "MatchResult", "Phrase", "Thresholds", "TopicIndex"]
