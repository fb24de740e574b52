"""Reading the last answer aloud: what the voice message says, and in which language.

Only what was written by people is read: the answer of a topic or to a danger, never what a person or a counsellor wrote.
"""

from __future__ import annotations

from msgspec.structs import replace

from bot.dialogue import alerts
from bot.dialogue.draft import Draft
from bot.dialogue.effects import READ_ALOUD, MakeFile
from bot.dialogue.rendering import topic_text
from bot.safety import Finding


def read_aloud(draft: Draft) -> None:
    """Sends the last answer as a voice message; says so when this Kavi has no voice or nothing was answered yet."""
    if not draft.content.can_speak:
        draft.say_key("aloud.not_here")
        return
    german = _last_answer(draft, "de")
    if not german:
        draft.say_key("aloud.nothing")
        return
    translated = _last_answer(draft, draft.session.language)
    language = draft.session.language if translated != german else "de"
    draft.say_key("aloud.here")
    draft.record("read_aloud", audience=draft.part.audience or "unknown")
    draft.effects.append(
        MakeFile(
            template=READ_ALOUD,
            name=draft.text("aloud.name"),
            values=(("text", translated), ("language", language)),
            source="text:aloud.here",
        )
    )


def _last_answer(draft: Draft, language: str) -> str:
    """The last answer once more, in this language as far as it is translated; "" when there was none."""
    category = draft.value(alerts.SAID)
    if isinstance(category, str) and category:
        finding = Finding(category=category, level="alert", urgency="urgent", rule="")
        return alerts.safety_text(draft, finding, language)
    topic = draft.content.topics.get(draft.part.topic)
    if topic is None:
        return ""
    reader = replace(draft.reader, language=language)
    return topic_text(draft.content, topic, draft.lookup(), reader, below=False) or ""
