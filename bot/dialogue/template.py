"""Templates of files that a flow makes from answers: a letter to print, a checklist, a calendar entry. Plain data.

Texts are content markup with `{placeholders}`, filled when the file is made; a block whose `when` value is empty is left out.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

BlockKind = Literal[
    "title", "heading", "text", "small", "checks", "list", "lines", "box", "picture", "qr", "rule", "space", "table",
    "page", "bars", "hours", "laws", "week", "story",
]  # fmt: skip
TemplateKind = Literal["pdf", "ics", "text", "png"]


class Block(Struct, frozen=True, kw_only=True):
    """One thing on the paper.

    `text` is the words of titles, texts, QR codes and the caption of boxes, or a picture's path below dialogues/;
    `items` the rows of lists, checks and tables (cells of a table row are divided by " | "); `size` counts writing
    lines, or is millimetres for boxes, pictures, codes and spaces. Rows of `bars` are "label | part | whole", those of
    `hours` and `laws` "field of laender.yaml = heading". `week` is rows "ISO day feeling …", `story` the name of a flow.
    """

    kind: BlockKind
    text: str = ""
    items: tuple[str, ...] = ()
    size: float = 0.0
    when: str = ""
    place: str = ""


class CalendarEntry(Struct, frozen=True, kw_only=True):
    """One appointment of a calendar file; `on` is a day as ISO text, `at` a time such as "14:30" or empty for the whole day."""

    title: str
    on: str
    at: str = ""
    minutes: int = 60
    where: str = ""
    note: str = ""
    alarm_hours: int = 24  # before the beginning; 0 = none


class Template(Struct, frozen=True, kw_only=True):
    """One template: `takes` names the values that a flow hands over; `footer` stands small on every page.

    `certifies` names the value that holds a course: the paper gets its title, its units and a code that can be checked.
    `description` is what somebody hears who cannot see the picture.
    """

    name: str
    kind: TemplateKind
    takes: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    entries: tuple[CalendarEntry, ...] = ()
    footer: str = ""
    certifies: str = ""
    description: str = ""
    place: str = ""

    def texts(self) -> tuple[str, ...]:
        """Every text that may hold placeholders."""
        blocks = (text for block in self.blocks for text in (block.text, *block.items))
        entries = (text for e in self.entries for text in (e.title, e.on, e.at, e.where, e.note))
        return tuple(text for text in (*blocks, *entries, self.footer, self.description) if text)
