"""Which language a text asks for, or is written in: nobody should need German to be answered in another language.

The names of the languages are the options of the flow `repair.language`. What is written in Arabic or Cyrillic letters is
answered in that language at once; languages in Latin letters have to be named, because a name or a borrowed word proves
nothing.
"""

from __future__ import annotations

import re

from bot.dialogue.draft import Draft
from bot.dialogue.flow import Ask
from bot.dialogue.rendering import pick
from bot.dialogue.session import Value
from bot.text.normalise import fold

FLOW = "repair.language"
NOTICED = "language_noticed"  # slot: the talk's language was changed once because of the letters
ENOUGH = 0.6  # share of the letters that must be of one script
_AROUND = frozenset({
    "auf", "in", "bitte", "please", "lutfen", "luetfen", "nur", "only", "ich", "spreche", "i", "speak", "sprache", "language",
    "dil", "ne", "по", "говорю", "я", "mowie", "tylko", "schreib", "schreiben", "sie",
})  # fmt: skip
_ARABIC = re.compile("[\u0621-\u064a]")
_NOT_ARABIC = re.compile("[پچژگکی]")  # letters of Persian, Urdu and Kurdish, which Arabic would not help
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_LETTER = re.compile(r"[^\W\d_]")


def named(draft: Draft, text: str) -> str | None:
    """The language that a text names and nothing else ("Türkçe", "auf Englisch bitte"), else None."""
    words = [word for word in fold(text).split() if word not in _AROUND] if len(text) <= 60 else []
    return _names(draft).get(" ".join(words))


def _names(draft: Draft) -> dict[str, str]:
    flow = draft.content.flows.get(FLOW)
    asks = [step.action for step in flow.steps if isinstance(step.action, Ask)] if flow is not None else []
    return {
        fold(name): option.value
        for ask in asks
        for option in ask.options
        for name in (pick(draft.content, option.label, draft.reader), *option.also)
    }


def switch(draft: Draft, code: str) -> bool:
    """Goes on in that language and says so, in the words of the language flow."""
    draft.set_slot(NOTICED, True, "90d")
    values: dict[str, Value] = {"language": code}
    return draft.push(FLOW, values)


def notice(draft: Draft, text: str) -> bool:
    """Takes over the language whose letters the text is written in; once, so that "Deutsch" can put it back."""
    code = _by_letters(text)
    if draft.session.language != "de" or code not in draft.content.catalogs or draft.value(NOTICED):
        return False
    draft.change(language=code)
    draft.set_slot(NOTICED, True, "90d")
    return True


def _by_letters(text: str) -> str:
    letters = len(_LETTER.findall(text[:500]))
    if len(_ARABIC.findall(text[:500])) > ENOUGH * letters and not _NOT_ARABIC.search(text[:500]):
        return "ar"
    if len(_CYRILLIC.findall(text[:500])) > ENOUGH * letters:
        return "uk" if _UKRAINIAN.search(text[:500]) else "ru"
    return ""
