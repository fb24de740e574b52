"""The content of an installation: compiled, with or without meaning, refused while nobody has signed it."""

from __future__ import annotations

import gc
from dataclasses import replace
from pathlib import Path

from bot.config import Settings, content_root
from bot.dialogue.content import Content
from bot.documents import can_speak
from bot.errors import ConfigError
from bot.loader.compiled import load_compiled
from bot.loader.files import encoder_wanted


def load_content_for(settings: Settings, *, late: bool = False) -> Content:
    """The content, from the cache in the data folder when no file changed since it was compiled.

    `late` reads what only a person's words need when the first come. Raises ContentError for content with problems,
    ConfigError when there is none.
    """
    root = content_root(settings)
    meant = encoder_wanted(settings.matching.semantic)
    content = load_compiled(root, settings.data_dir, _compile, late=late and not meant)
    gc.freeze()  # the content stays: no later collection walks through it, which would stop a turn for a tenth of a second
    content = replace(content, can_speak=can_speak())
    if not meant:
        return content
    from bot.loader.content import with_meaning

    return with_meaning(content, root, settings.matching.semantic, settings.data_dir / "meaning.npz")


def _compile(root: Path) -> Content:
    from bot.loader.content import load_content

    return load_content(root)


def refuse_unsigned(content: Content, settings: Settings) -> None:
    """Raises ConfigError while a safety answer or help line is unsigned, unless that is allowed on purpose."""
    if content.unsigned and not settings.allow_unreviewed:
        raise ConfigError(
            f"{len(content.unsigned)} Sicherheits-Antworten oder Hilfe-Nummern hat noch niemand vom Fach unterschrieben "
            f"(die erste: {content.unsigned[0]}). Lassen Sie sie prüfen und tragen Sie reviewed_by / verified_by ein; nur zum "
            "Ausprobieren: KAVI_ALLOW_UNREVIEWED=true."
        )
