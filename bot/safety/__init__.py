"""Notices danger in a text and says which rule did; knows nothing of dialogue.

`triage` and the rules stand in modules of their own: they are loaded with the first words of a person.
"""

from bot.safety.finding import URGENCIES, Finding

__all__ = ["URGENCIES", "Finding"]
