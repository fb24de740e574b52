"""What stands in the fields of a flow: texts with their variants, audiences, expressions, durations, one of several words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.dialogue.expressions import Expression, ExpressionError, parse
from bot.loader.nodes import Node, suggestion, variants_of
from bot.text.variants import AUDIENCES, BANDS, Variants

_DURATION = re.compile(
    r"^\s*(\d+(?:\.\d+)?)\s*(seconds?|sekunden?|s|minutes?|minuten?|min|m|hours?|stunden?|h|days?|tage?n?|d|weeks?|wochen?|w)\s*$",
    re.IGNORECASE,
)
_UNIT_SECONDS: Mapping[str, int] = MappingProxyType({"s": 1, "m": 60, "h": 3600, "d": 86400, "t": 86400, "w": 604800})
_LONGEST = 10 * 366 * 86400.0  # seconds
_VARIANT_KEYS = frozenset(
    {"default", "leicht", *AUDIENCES, *(f"{a}.leicht" for a in AUDIENCES)}
    | {f"child.{band}" for band in BANDS}
    | {f"child.{band}.leicht" for band in BANDS}
)


def seconds_of(text: str) -> float | None:
    """A duration such as "10 minutes", "2 Tage" or "45s" in seconds, up to ten years; None when it is not one."""
    found = _DURATION.match(text)
    if not found:
        return None
    unit = found[2].lower()
    key = "s" if unit.startswith(("sec", "sek")) or unit == "s" else "h" if unit.startswith(("h", "st")) else unit[0]
    seconds = float(found[1]) * _UNIT_SECONDS[key]
    return seconds if seconds <= _LONGEST else None


def variants(node: Node) -> Variants:
    """A text or its variants; unknown variant keys are problems."""
    texts = variants_of(node)
    for key in texts:
        if key not in _VARIANT_KEYS:
            node.problem(f"unknown variant {key!r}{suggestion(key, _VARIANT_KEYS)}")
    return Variants(texts, node.place)


def audiences(node: Node | None) -> tuple[str, ...]:
    """Whom something is for; unknown ones are problems."""
    if node is None:
        return ()
    for item in node.items():
        if item.text() not in AUDIENCES:
            item.problem(f"unknown audience {item.text()!r}{suggestion(item.text(), AUDIENCES)}")
    return node.texts()


def expression(node: Node) -> Expression:
    """A checked expression; a broken one is a problem and counts as true."""
    try:
        return parse(node.text(), node.place)
    except ExpressionError as error:
        node.problem(str(error))
        return parse("True", node.place)


def one_of(node: Node, allowed: tuple[str, ...], what: str) -> str:
    """One of these words; another one is a problem and counts as the first. `what` names it."""
    text = node.text()
    if text not in allowed:
        node.problem(f"unknown {what} {text!r}{suggestion(text, allowed)}; known are {', '.join(allowed)}")
        return allowed[0]
    return text


def duration(node: Node) -> float:
    """Seconds; what is no duration is a problem and counts as 0."""
    seconds = seconds_of(node.text())
    if seconds is None:
        node.problem(f'cannot read the duration {node.text()!r}; write "10 minutes", "2 hours" or "3 days"')
    return seconds or 0.0
