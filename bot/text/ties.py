"""Spaces at which German lines must not break: "§ 8a", "15 %", "24. November"."""

from __future__ import annotations

import re

from bot.text.months import MONTHS

_LAWS = r"(?:StPO|StVollzG|StGB|SGB|BGB|GG|KKG|GewSchG|FamFG|VwVfG|DSGVO|JVollzGB)\b"
_MONTHS = "(?:" + "|".join(MONTHS) + ")"
_TIES = re.compile(
    r"(?<=§) (?=\d)"
    r"|(?<=Abs\.) (?=\d)|(?<=Art\.) (?=\d)|(?<=Nr\.) (?=\d)|(?<=Satz) (?=\d)"
    rf"|(?<=\d) (?=%|€|Euro\b|Uhr\b|h\b|Stunden?\b|Minuten?\b|Abs\.|Nr\.|Satz \d|{_LAWS})"
    rf"|(?<=\d[a-z]) (?=Abs\.|Nr\.|Satz \d|{_LAWS})"
    r"|(?<=SGB) (?=[IVX])"
    rf"|(?<=\d\.) (?={_MONTHS})"
    r"|(?<=z\.) (?=B\.)|(?<=u\.) (?=a\.)|(?<=d\.) (?=h\.)"
)


def tied(text: str) -> str:
    """The same text, as long as before, with no-break spaces where a line must not end."""
    return _TIES.sub("\u00a0", text)
