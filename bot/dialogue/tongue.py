"""Which language a text asks for, or is written in: nobody should need German to be answered in another language.

The names of the languages are the options of the flow `repair.language`. What is without doubt written in another language
is answered in it at once, once: "Deutsch" puts it back.
"""

from __future__ import annotations

from bot.dialogue.content import Content
from bot.dialogue.draft import Draft
from bot.dialogue.flow import Ask
from bot.dialogue.rendering import Reader, pick
from bot.dialogue.session import Value
from bot.text.language import language_of
from bot.text.normalise import fold

FLOW = "repair.language"
NOTICED = "language_noticed"  # slot: the language that a text was written in and the talk went on in; True where it was chosen
_AROUND = frozenset({
    "auf", "in", "bitte", "please", "lutfen", "luetfen", "nur", "only", "ich", "spreche", "i", "speak", "sprache", "language",
    "dil", "ne", "по", "говорю", "я", "mowie", "tylko", "schreib", "schreiben", "sie",
    "sprechen", "kann", "koennen", "wir", "moechte",
})  # fmt: skip


def named(draft: Draft, text: str) -> str | None:
    """The language that a text names and nothing else ("Türkçe", "auf Englisch bitte"), else None."""
    words = [word for word in fold(text).split() if word not in _AROUND] if len(text) <= 60 else []
    return _names(draft).get(" ".join(words))


_Tables = dict[Reader, dict[str, str]]
_named: tuple[object, object, _Tables] = (None, None, {})


def _names(draft: Draft) -> dict[str, str]:
    """Folded name -> language, for this reader. Kept for the content of the last call: every text is looked up here."""
    global _named
    content = draft.content
    flows, catalogs, tables = _named
    if flows is not content.flows or catalogs is not content.catalogs:
        tables = {}
        _named = (content.flows, content.catalogs, tables)
    reader = draft.reader
    if reader not in tables:
        tables[reader] = _table(content, reader)
    return tables[reader]


def _table(content: Content, reader: Reader) -> dict[str, str]:
    flow = content.flows.get(FLOW)
    asks = [step.action for step in flow.steps if isinstance(step.action, Ask)] if flow is not None else []
    return {
        fold(name): option.value
        for ask in asks
        for option in ask.options
        for name in (pick(content, option.label, reader), *option.also)
    }


def switch(draft: Draft, code: str) -> bool:
    """Goes on in that language and says so, in the words of the language flow."""
    draft.set_slot(NOTICED, True, "90d")
    values: dict[str, Value] = {"language": code}
    return draft.push(FLOW, values)


def notice(draft: Draft, text: str) -> bool:
    """Takes over the language that the text is written in; once, so that "Deutsch" can put it back.

    Few words of Ukrainian look Russian ("добрий день"): what was taken for Russian is put right when a later text tells.
    """
    language, noticed = draft.session.language, draft.value(NOTICED)
    unsure = language == noticed == "ru"
    if not unsure and (noticed or language != "de"):
        return False
    code = language_of(text) if named(draft, text) is None else ""  # who names a language is answered by the flow
    if code not in draft.content.catalogs or (unsure and code != "uk"):
        return False
    draft.change(language=code)
    draft.set_slot(NOTICED, code, "90d")
    return True
