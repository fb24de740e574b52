"""The list of rules: each is a small registered function that gets the content and a `report(place, message, severity)`.

Places are `file:line`.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.dialogue.content import Content

Report = Callable[[str, str, str], None]
Rule = Callable[[Content, Report], None]

RULES: list[Rule] = []


def rule(function: Rule) -> Rule:
    """Registers a rule."""
    RULES.append(function)
    return function
