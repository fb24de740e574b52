"""Texts with styles: content markup in, plain text, HTML or entities out, long texts cut at sentences.

The markup of content files: `**bold**`, `*italic*` or `_italic_`, `` `code` ``, `[label](https://…)`, lines that begin
with `> ` (quote) or `- ` (list). A backslash takes a character as it is. A style never reaches over the end of its
line, and what is not closed stays as it was typed. What people write never passes `parse`, only `foreign`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape as escape_html
from typing import Literal

Style = Literal["bold", "italic", "code", "link", "quote"]

_INLINE = re.compile(
    r"\\(?P<escaped>[\\*_`\[\]>\-])"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?=\S)(?P<bold>(?:\\.|[^\\\n]){1,1000}?)(?<=\S)\*\*"
    r"|(?<!\w)_(?=\S)(?P<under>(?:\\.|[^\\\n_])+)(?<=\S)_(?!\w)"
    r"|\*(?=[^\s*])(?P<star>(?:\\.|[^\\\n*])+)(?<=\S)\*"
    r"|\[(?P<label>(?:\\.|[^\]\\\n]){1,300})\]\((?P<url>(?:https?://|mailto:|tel:)[^\s()]+)\)"
)
_STYLES: dict[str, Style] = {"bold": "bold", "under": "italic", "star": "italic"}
_TAGS: dict[Style, str] = {"bold": "strong", "italic": "em", "code": "code", "quote": "blockquote"}

# Control characters but tab and line feed, direction overrides and marks, zero-width fillers, tags, noncharacters. The
# joiners U+200C and U+200D stay: Persian words and composed emoji need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_CUTS = (
    re.compile(r"\n\n+"),
    re.compile(r"\n"),
    re.compile(r"(?<=[.!?…:])[\"'»“”)\]]*(?P<gap>\s+)"),
    re.compile(r"(?<=[,;–])\s+"),
    re.compile(r"\s+"),
)
_LONGEST_GLUED = 64  # characters; the longest composed emoji have a dozen, and what has more is no writing
_GLUED = re.compile("[\u0300-\u036f\u200d\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True, slots=True)
class Span:
    """A style from character `start` up to `end`; `target` is a link's address."""

    style: Style
    start: int
    end: int
    target: str = ""


@dataclass(frozen=True, slots=True)
class Styled:
    """Plain text with its styles. Spans lie within the text, nested and never crossed; the outer one comes first."""

    text: str
    spans: tuple[Span, ...] = ()


def plain(styled: Styled) -> str:
    """The text without its styles; the address of a link follows its label."""
    parts: list[str] = []
    at = 0
    for span in sorted(styled.spans, key=lambda one: one.end):
        if span.style == "link" and span.target != styled.text[span.start : span.end]:
            address = span.target.removeprefix("mailto:").removeprefix("tel:")
            parts += [styled.text[at : span.end], f" ({address})"]
            at = span.end
    return "".join(parts) + styled.text[at:]


def strip(text: str) -> str:
    """Foreign text without control, direction and invisible characters; all line ends become line feeds."""
    return _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def foreign(text: str) -> Styled:
    """A person's text: shown as it was typed, with no styles and no tricks."""
    return Styled(strip(text))


def parse(markup: str) -> Styled:
    """Content markup to text and spans."""
    parts: list[Styled] = []
    quoted: list[Styled] = []
    for line in markup.split("\n"):
        if line.startswith("> ") or line == ">":
            quoted.append(_inline(line[2:]))
            continue
        if quoted:
            parts.append(_quote(quoted))
            quoted = []
        parts.append(_list_item(line))
    if quoted:
        parts.append(_quote(quoted))
    return join(parts, "\n")


def _list_item(line: str) -> Styled:
    bullet = re.match(r"( *)- (?=\S)", line)
    if bullet is None:
        return _inline(line)
    return join([Styled(f"{bullet[1]}• "), _inline(line[bullet.end() :])], "")


def _quote(lines: Sequence[Styled]) -> Styled:
    inner = join(lines, "\n")
    return Styled(inner.text, (Span("quote", 0, len(inner.text)), *inner.spans)) if inner.text else inner


def join(parts: Sequence[Styled], separator: str) -> Styled:
    """Several texts behind each other."""
    text: list[str] = []
    spans: list[Span] = []
    length = 0
    for number, part in enumerate(parts):
        if number:
            text.append(separator)
            length += len(separator)
        text.append(part.text)
        spans += [Span(span.style, span.start + length, span.end + length, span.target) for span in part.spans]
        length += len(part.text)
    return Styled("".join(text), tuple(spans))


def _inline(line: str) -> Styled:
    parts: list[Styled] = []
    at = 0
    for match in _INLINE.finditer(line):
        parts.append(Styled(line[at : match.start()]))
        parts.append(_piece(match))
        at = match.end()
    parts.append(Styled(line[at:]))
    return join(parts, "")


def _piece(match: re.Match[str]) -> Styled:
    kind = match.lastgroup or ""
    if kind == "escaped":
        return Styled(match["escaped"])
    if kind == "code":
        return _around("code", Styled(match["code"]))
    if kind == "url":
        return _around("link", _inline(match["label"]), match["url"])
    return _around(_STYLES[kind], _inline(match[kind]))


def _around(style: Style, inner: Styled, target: str = "") -> Styled:
    return Styled(inner.text, (Span(style, 0, len(inner.text), target), *inner.spans))


def html(styled: Styled) -> str:
    """HTML of the few tags that Matrix clients show; everything else is escaped."""
    return _html(styled, 0, len(styled.text), list(styled.spans))


def _html(styled: Styled, start: int, end: int, spans: list[Span]) -> str:
    parts: list[str] = []
    at = start
    while spans and spans[0].start < end:
        span = spans.pop(0)
        inner: list[Span] = []
        while spans and spans[0].start < span.end:
            inner.append(spans.pop(0))
        parts.append(_escaped(styled.text[at : span.start]))
        parts.append(_tagged(span, _html(styled, span.start, span.end, inner)))
        at = span.end
    return "".join(parts) + _escaped(styled.text[at:end])


def _escaped(text: str) -> str:
    return escape_html(text, quote=False).replace("\n", "<br>")


def _tagged(span: Span, inner: str) -> str:
    if span.style == "link":
        return f'<a href="{escape_html(span.target)}">{inner}</a>'
    tag = _TAGS[span.style]
    return f"<{tag}>{inner}</{tag}>"


def split(styled: Styled, limit: int, size: Callable[[str], int] = len) -> list[Styled]:
    """Parts of at most `limit`, cut between paragraphs, else lines, else sentences, else words.

    `size` measures a text in the messenger's own units; it must not grow by more than its parts together.
    """
    parts: list[Styled] = []
    start = 0
    while size(styled.text[start:]) > limit:
        furthest = _reach(styled.text, start, limit, size)
        cut, following = _cut(styled.text, start, furthest)
        parts.append(part(styled, start, cut))
        start = following
    parts.append(part(styled, start, len(styled.text)))
    return [one for one in parts if one.text] or [Styled("")]


def _reach(text: str, start: int, limit: int, size: Callable[[str], int]) -> int:
    """The furthest end with `size(text[start:end]) <= limit`, at least one character on."""
    low, high = start + 1, min(len(text), start + limit)
    while low < high:
        middle = (low + high + 1) // 2
        if size(text[start:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    for end in range(low, max(start, low - _LONGEST_GLUED), -1):  # never through a composed emoji or an accent
        if end == len(text) or not (_GLUED.match(text[end]) or text[end - 1] == "\u200d"):
            return end
    return low


def _cut(text: str, start: int, furthest: int) -> tuple[int, int]:
    """Where a part ends and the next begins: the last good place in the second half, the best kind first."""
    window = text[start : furthest + 1]
    for kind in _CUTS:
        gaps = [match.span(match.lastindex or 0) for match in kind.finditer(window)]
        found = [gap for gap in gaps if gap[1] >= len(window) // 2 and 0 < gap[0] <= furthest - start]
        if found:
            return start + found[-1][0], start + found[-1][1]
    return furthest, furthest


def part(styled: Styled, start: int, end: int) -> Styled:
    """The piece from `start` up to `end`, without white space around it; spans are cut to it."""
    raw = styled.text[start:end]
    text = raw.strip()
    first = start + (len(raw) - len(raw.lstrip()))
    last = first + len(text)
    spans = [
        Span(span.style, max(span.start, first) - first, min(span.end, last) - first, span.target)
        for span in styled.spans
        if span.start < last and span.end > first
    ]
    return Styled(text, tuple(spans))
