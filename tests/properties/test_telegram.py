"""Laws of the Telegram adapter: no update breaks it, no text breaks the platform's limits."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.messengers.telegram.render import MAX_DATA, MAX_TEXT, buttons, pressed, texts, utf16
from bot.messengers.telegram.translate import Desk, Leave, translate
from bot.ports import Address, Inbound, Outbound
from bot.testing.telegram.texts import read_text
from bot.text.spans import strip

ANYWHERE = Address(messenger="telegram", account="telegram:1", chat="7")
DESK = Desk(account="telegram:1", username="kavi", staff=frozenset({"-100"}), now=datetime(2026, 11, 24, tzinfo=UTC))
CAUGHT = (KeyError, TypeError, ValueError, AttributeError)  # what the adapter counts as odd and passes over

WORDS = st.sampled_from(
    ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction", "chat", "id", "from", "text",
     "type", "private", "supergroup", "photo", "voice", "data", "date", "message_id", "reply_to_message", "is_bot",
     "new_chat_member", "status", "kicked", "old_reaction", "new_reaction", "emoji", "message_thread_id", "caption"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | WORDS | st.just(-100),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=6),
    max_leaves=25,
)
UPDATES = st.dictionaries(WORDS, VALUES, max_size=4)
LINES = st.lists(
    st.sampled_from(["**fett**", "_kursiv_", "[Seite](https://example.org)", "[Ruf](tel:0800)", "> Zitat", "- Punkt", "😀👩‍👩‍👧", "Wort. ",
                     "\n", "\n\n", "@name_hier", "`x`", "ä", " "]), max_size=60,
).map("".join)  # fmt: skip


@given(UPDATES)
@settings(max_examples=400)
def test_no_update_is_more_than_odd(update: dict[str, object]) -> None:
    with contextlib.suppress(*CAUGHT):
        found = translate({"update_id": 1} | update, DESK)
        assert found is None or isinstance(found, Inbound | Leave)
        if isinstance(found, Inbound) and not found.private:
            assert found.address.chat == "-100"


@given(LINES, st.integers(1, 200), st.booleans())
@settings(deadline=None)
def test_every_part_passes_the_platform(line: str, times: int, markup: bool) -> None:
    for part in texts(Outbound(address=ANYWHERE, key="k", text=line * times, markup=markup)):
        assert utf16(part.text) <= MAX_TEXT
        read_text(part.text or "x", list(part.entities), "", MAX_TEXT)  # raises when an entity lies outside


@given(st.text(max_size=6000))
@settings(deadline=None)
def test_foreign_text_arrives_whole(text: str) -> None:
    parts = texts(Outbound(address=ANYWHERE, key="k", text=text, markup=False))
    bodies = [one.text.rsplit("\n", 1)[0] for one in parts] if len(parts) > 1 else [one.text for one in parts]
    assert "".join("".join(bodies).replace("\u2060", "").split()) == "".join(strip(text).split())


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=70), st.integers(1, 12))
def test_a_press_names_what_was_asked(question: str, count: int) -> None:
    rows = buttons(Outbound(address=ANYWHERE, key="k", question=question, choices=("x",) * count))
    data = [one for row in rows for _, one in row]
    assert all(len(one.encode()) <= MAX_DATA for one in data)
    if data:
        assert [pressed(one) for one in data] == [(question, number) for number in range(count)]
    else:
        assert len(question) > MAX_DATA - 3
