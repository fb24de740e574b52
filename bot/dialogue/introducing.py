"""Who writes, as far as the words tell it by the way: "ich bin die Mama von Leon", "my husband is in prison"."""

from __future__ import annotations

import re

from bot.dialogue.choices import one_word_inside, sentence_of
from bot.dialogue.content import Content
from bot.dialogue.draft import Draft
from bot.dialogue.flow import Ask
from bot.dialogue.reading import Shown
from bot.dialogue.session import ONBOARDING

WHO = "audience"  # slot of its question who writes, whose options have the words by which people name themselves
_OF_A_CHILD = re.compile(
    r"\b(?:papas?|mamas?|papi|mami|mein(?:e[mn]?)? vater|meiner? mutter|dad|daddy|mum|mummy|mom|babam?|annem|папа|мама|тато|tata"
    r"|بابا|ماما)\b",
    re.IGNORECASE,
)  # words for a parent that hardly anybody but a child uses of somebody whom the other does not know


def role_told(content: Content, text: str) -> str:
    """The audience whose words a text holds; "" when it holds none, or those of several."""
    ask = _who_writes(content)
    if ask is None:
        return ""
    options = tuple(Shown(option.value, "", option.also) for option in ask.options)
    return one_word_inside(text, options) or sentence_of(text, options) or ""


def sounds_like_a_child(text: str) -> bool:
    """Whether somebody who has not said who writes speaks of their parent as children do."""
    return _OF_A_CHILD.search(text) is not None


def _who_writes(content: Content) -> Ask | None:
    flow = content.flows.get(ONBOARDING)
    asks = (step.action for step in flow.steps if isinstance(step.action, Ask)) if flow is not None else ()
    return next((ask for ask in asks if ask.slot == WHO), None)


def start_over(draft: Draft) -> None:
    """Every running flow ends, and the talk begins at home."""
    draft.clear_frames()
    go_home(draft)


def go_home(draft: Draft) -> None:
    """To the menu, or to getting to know each other first."""
    draft.push("menu" if draft.part.audience else ONBOARDING)
