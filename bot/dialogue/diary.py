"""A child's diary of feelings: one slot an entry, kept thirty days each, in the part of the phone where it was written.

A slot of its own for each entry lets the ordinary lifetimes, "Vergiss mich" and the two parts of a shared phone hold for
every entry without a rule of their own. What the running flow asked for an entry is forgotten once it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot.dialogue.dates import spell_day
from bot.dialogue.draft import Draft
from bot.dialogue.flow import Ask
from bot.dialogue.rendering import berlin_day, escape, pick
from bot.dialogue.session import Keep, Value

FLOW = "diary"  # where the questions for an entry stand; their options give the words
KEEP: Keep = "30d"
SHOWN = 5  # entries read back at once
MOST = 90  # entries kept; the oldest goes first
WEEK = 7  # days in the picture
ASKED = ("feeling", "feeling_place", "feeling_helped", "diary_words")
"""The slots that make an entry: the feeling, where in the body, what helped (several), and words of one's own."""
LOOKED_UP = ("diary_count", "diary_text", "diary_week", "diary_week_text")
"""Slots of the running flow that `look` sets: how many entries there are, the last ones in words, and the week for the
picture: `2026-11-24 sad angry` a day, and the same in words."""

ENTRY = "diary_entry_"
"""How the slots of entries begin. They are the child's own: no counsellor is shown them."""

Entry = tuple[datetime, Mapping[str, tuple[str, ...]]]


def note(draft: Draft) -> None:
    """Writes what was just asked into the diary."""
    rows = [
        f"{name}={each}"
        for name in ASKED
        if (value := draft.value(name)) is not None
        for each in (value if isinstance(value, tuple) else (str(value),))
    ]
    name = f"{ENTRY}{int(draft.at.timestamp())}"
    for old in [*_names(draft), name][:-MOST]:
        draft.drop_slot(old)
    draft.set_slot(name, tuple(rows), KEEP)
    for asked in ASKED:
        draft.drop_slot(asked)
    count(draft)


def count(draft: Draft) -> None:
    """Sets `diary_count` alone: what is read back must not lie in a flow that ends with a reminder, which keeps its slots."""
    draft.set_slot("diary_count", len(_names(draft)), "turn")


def look(draft: Draft) -> None:
    """Sets the slots in `LOOKED_UP` for reading."""
    count(draft)
    entries = [_entry(name, draft.value(name)) for name in _names(draft)]
    week = _week(draft, entries)
    values: Mapping[str, Value] = {
        "diary_text": "\n\n".join(_spelt(draft, entry) for entry in entries[-SHOWN:]),
        "diary_week": "\n".join(" ".join([day, *felt]) for day, felt in week.items()),
        "diary_week_text": _week_in_words(draft, week),
    }
    for name, value in values.items():
        draft.set_slot(name, value, "turn")


def drop_last(draft: Draft) -> None:
    """Forgets the newest entry."""
    for name in _names(draft)[-1:]:
        draft.drop_slot(name)


def clear(draft: Draft) -> None:
    """Forgets every entry."""
    for name in _names(draft):
        draft.drop_slot(name)


ACTS: Mapping[str, Callable[[Draft], None]] = MappingProxyType({
    "diary_note": note,
    "diary_count": count,
    "diary_look": look,
    "diary_drop": drop_last,
    "diary_clear": clear,
})  # fmt: skip


def _names(draft: Draft) -> list[str]:
    """The slots of the entries, oldest first."""
    found = [name for name in draft.part.slots if name.startswith(ENTRY)]
    return sorted(found, key=lambda name: int(name.removeprefix(ENTRY)))


def _entry(name: str, value: Value) -> Entry:
    at = datetime.fromtimestamp(int(name.removeprefix(ENTRY)), UTC)
    found: dict[str, tuple[str, ...]] = {}
    for row in value if isinstance(value, tuple) else ():
        key, _, text = row.partition("=")
        found[key] = (*found.get(key, ()), text)
    return at, found


def _spelt(draft: Draft, entry: Entry) -> str:
    """One entry for the child: the day, then what was chosen in the words of the questions, then its own words."""
    at, found = entry
    lines = [f"**{spell_day(berlin_day(at))}**"]
    for name in ASKED[:3]:
        labels = [_label(draft, name, value) for value in found.get(name, ())]
        if labels:
            lines.append(draft.text(f"diary.{name}", {"chosen_text": ", ".join(labels)}))
    lines += [f"„{escape(words)}“" for words in found.get("diary_words", ())]
    return "\n".join(lines)


def _label(draft: Draft, slot: str, value: str) -> str:
    """How the question for that slot calls the option; the value itself when it no longer does."""
    flow = draft.content.flows.get(FLOW)
    for step in flow.steps if flow is not None else ():
        if isinstance(step.action, Ask) and step.action.slot == slot:
            for option in step.action.options:
                if option.value == value:
                    return pick(draft.content, option.label, draft.reader)
    return value


def _week(draft: Draft, entries: list[Entry]) -> dict[str, tuple[str, ...]]:
    """The feelings of each of the last days, also of days without any, by ISO day."""
    days = [draft.today - timedelta(days=back) for back in range(WEEK - 1, -1, -1)]
    week: dict[str, tuple[str, ...]] = {day.isoformat(): () for day in days}
    for at, found in entries:
        day = berlin_day(at).isoformat()
        if day in week:
            week[day] = (*week[day], *found.get("feeling", ()))
    return week


def _week_in_words(draft: Draft, week: Mapping[str, tuple[str, ...]]) -> str:
    """For whoever hears the picture: only the days that have an entry."""
    return "; ".join(
        f"{spell_day(datetime.fromisoformat(day).date())}: {', '.join(_label(draft, 'feeling', one) for one in felt)}"
        for day, felt in week.items()
        if felt
    )
