"""Notices danger in a text and says which rule did; knows nothing of dialogue."""

from bot.safety.rules import URGENCIES, Finding, Rule, SafetyRules, compile_rules
from bot.safety.triage import triage

__all__ = ["URGENCIES", "Finding", "Rule", "SafetyRules", "compile_rules", "triage"]
