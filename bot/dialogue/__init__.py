"""The core: a turn is a pure function of content, session and event."""

from bot.dialogue.engine import Turn, turn
from bot.dialogue.session import Session
from bot.dialogue.understanding import understand

__all__ = ["Session", "Turn", "turn", "understand"]
