"""From a template's name and values to the bytes of a file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from bot.dialogue.content import Content
from bot.dialogue.effects import READ_ALOUD
from bot.dialogue.rendering import Lookup, berlin_day, fill
from bot.dialogue.session import Session
from bot.dialogue.template import Template

FileMaker = Callable[[str, Mapping[str, str], datetime], Awaitable[bytes]]
"""(template, values as a flow hands them over, time of the turn) -> the file. Raises KeyError for an unknown template."""


Certify = Callable[[str, int, datetime], str]
"""(course, percent known, time) -> the code of a certificate."""


def can_speak() -> bool:
    """Whether the extra `voice` is installed. Loads nothing to find out."""
    return find_spec("espeakng_loader") is not None and find_spec("soundfile") is not None


def file_maker(content: Callable[[], Content], pictures: Path, certify: Certify | None = None) -> FileMaker:
    """Makes files from the templates of the content that counts at the moment; `pictures` is the folder dialogues/."""

    async def make(template: str, values: Mapping[str, str], at: datetime) -> bytes:
        if template == READ_ALOUD:
            from bot.documents.voice import speak

            return await asyncio.to_thread(speak, values["text"], values["language"])
        now = content()
        return await asyncio.to_thread(render, now, now.templates[template], values, at, pictures, certify)

    return make


def render(
    content: Content,
    template: Template,
    values: Mapping[str, str],
    at: datetime,
    pictures: Path,
    certify: Certify | None = None,
) -> bytes:
    """The file of one template. The same input gives the same bytes. Raises ValueError for a certificate without a key."""
    if template.certifies:
        values = {**values, **_certified(content, template, values, at, certify)}
    lookup = Lookup(content, Session(), {"today": berlin_day(at).isoformat(), **values}, berlin_day(at))

    def filled(text: str) -> str:
        return fill(text, lookup).strip()

    if template.kind == "ics":
        from bot.documents.calendar import calendar_file

        raw = {"today": berlin_day(at).isoformat(), **values}
        return calendar_file(template, filled, lambda text: fill(text, raw).strip(), at)
    if template.kind == "text":
        return "\n\n".join(filled(block.text) for block in template.blocks if _wanted(block.when, values)).encode()
    if template.kind == "png":
        from bot.documents.picture import png_file

        return png_file(content, template, filled, lambda when: _wanted(when, values), values, pictures)
    from bot.documents.pdf import pdf_file

    return pdf_file(content, template, filled, lambda when: _wanted(when, values), at, pictures)


def _wanted(when: str, values: Mapping[str, str]) -> bool:
    return not when or values.get(when, "").strip() not in ("", "nein")


def _certified(
    content: Content, template: Template, values: Mapping[str, str], at: datetime, certify: Certify | None
) -> dict[str, str]:
    if certify is None:
        raise ValueError(f"{template.place}: no key to make a certificate with")
    course = content.courses[values[template.certifies]]
    return {
        "code": certify(course.name, int(values["share"]), at),
        "course_title": course.title,
        "course_contents": "\n".join(unit.title for unit in course.units),
    }
