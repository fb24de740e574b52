"""Several questions in one message: "was darf ich anziehen und wie lange dauert der Besuch?"."""

from __future__ import annotations

import re

from bot.text.telling import asks

LONGEST = 400  # characters; a longer message is a letter, of which the matcher hears the likeliest part
FEWEST = 3  # words of a question that can be answered without the one before it
_ASKING = (
    r"(?:wie|was|wer|wen|wem|wann|wo|woher|wohin|warum|wieso|weshalb|welche\w*|darf|dürfen|duerfen|kann|können|koennen|muss|müssen"
    r"|muessen|gibt|bekomme|kriege|brauche|how|what|when|where|why|who|can|may|do)\b"
)
_BETWEEN = re.compile(
    rf"(?<=[?!.])\s+(?:und\s+|and\s+)?|\n+|[,;]?\s+(?:und|oder|sowie|außerdem|ausserdem|dann|and|also)\s+(?:auch\s+|dann\s+|noch\s+)?(?={_ASKING})",
    re.IGNORECASE,
)


def questions_in(text: str) -> tuple[str, ...]:
    """The questions of a message in their order, when there are at least two; else none."""
    if len(text) > LONGEST:
        return ()
    parts = [part for part in _BETWEEN.split(text) if len(part.split()) >= FEWEST]
    if len(parts) < 2 or not any(asks(part) for part in parts[1:]):
        return ()
    first, *others = parts
    return (first, *(part for part in others if asks(part)))
