"""A fault of ours costs nobody an answer: danger is still answered, the rest with an apology, and the talk goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.dialogue.diary import ENTRY
from bot.dialogue.session import Owner, Part, Slot
from bot.documents import file_maker
from bot.ports import Address, Inbound, Outbound
from bot.service.conversations import Conversations
from bot.storage.memory import MemoryStore
from tests.contracts.stores import commit_for

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
HOME = Address(messenger="telegram", account="telegram:1", chat="1")
APOLOGY = "Da ist bei mir etwas schiefgegangen, nicht bei Ihnen. Das Team weiß Bescheid."


class Talk:
    """One person's conversation on a store of its own."""

    def __init__(self, content: Content, session: Session) -> None:
        self.store = MemoryStore()
        self.conversations = Conversations(content, self.store)
        self._session = session
        self._number = 0

    async def say(self, text: str, kind: str = "text") -> list[str]:
        """What is sent in answer."""
        if not self._number:
            await self._commit("", "unreaction", begin=True)
        before = len(self._sent())
        await self._commit(text, kind)
        return [one.text for one in self._sent()[before:]]

    async def troubles(self) -> list[str]:
        """The places of which the operator is told."""
        found = self.store.facts(NOON - timedelta(days=1), NOON + timedelta(days=1))
        return [dict(one.values)["place"] async for one in await found if one.name == "trouble"]

    async def _commit(self, text: str, kind: str, *, begin: bool = False) -> None:
        self._number += 1
        inbound = Inbound(address=HOME, external_id=str(self._number), kind=kind, at=NOON, text=text)  # type: ignore[arg-type]  # a kind
        await self.store.receive([inbound], None)
        (lane,) = await self.store.claim("w", NOON, 1)
        begun = commit_for(lane, self._session.to_text())
        await self.store.commit(begun if begin else await self.conversations.decide(lane, NOON))

    def _sent(self) -> list[Outbound]:
        return [out.row.outbound for out in self.store._outbox.values()]


Begin = Callable[..., Talk]


@pytest.fixture
def talk(content: Content) -> Begin:
    def begin(owner: Owner = "bot", audience: str = "caregiver", band: str = "") -> Talk:
        diary = {f"{ENTRY}{int(NOON.timestamp())}": Slot(("feeling=angry",), "30d", NOON.timestamp())}
        part = Part(audience=audience, band=band, slots=diary if band else {})  # type: ignore[arg-type]  # from the test
        active = "child" if audience == "child" else "adult"
        parts = {"adult": Part(audience="caregiver"), active: part}
        return Talk(content, Session(consent="1", owner=owner, active=active, parts=parts))  # type: ignore[arg-type]  # two names

    return begin


@pytest.fixture
def failing(talk: Begin) -> Begin:
    """Understanding fails from the first message on."""

    def fails(_: str) -> None:
        raise RuntimeError("a fault of ours")

    def begin(**values: str) -> Talk:
        made = talk(**values)
        made.conversations.matched = fails
        return made

    return begin


async def test_a_file_that_cannot_be_made_is_apologised_for_and_the_talk_goes_on(content: Content, talk: Begin) -> None:
    child = talk(audience="child", band="6-9")
    gone = replace(content, templates={})  # as when new content took the template away meanwhile
    child.conversations.make_file = file_maker(lambda: gone, Path())
    await child.say("Tagebuch")
    assert "Da ist bei mir etwas kaputtgegangen. Du hast nichts falsch gemacht." in await child.say("ansehen")
    assert await child.troubles() == ["diary-week"]
    assert await child.say("hallo")


async def test_when_understanding_fails_the_person_is_told(failing: Begin) -> None:
    person = failing()
    assert await person.say("wann ist besuch") == [APOLOGY]
    assert await person.troubles() == ["?"]


async def test_when_understanding_fails_danger_is_answered_all_the_same(failing: Begin) -> None:
    (answer, *_) = await failing().say("ich will mich heute umbringen")
    assert "112" in answer


@pytest.mark.parametrize(("owner", "kind"), [("counsellor", "text"), ("bot", "sticker")])
async def test_who_speaks_to_a_human_or_says_nothing_gets_no_apology(failing: Begin, owner: str, kind: str) -> None:
    """While a counsellor speaks the bot does not, and to a message without words there is nothing to say."""
    person = failing(owner=owner)
    assert APOLOGY not in await person.say("wann ist besuch" if kind == "text" else "", kind)


async def test_beyond_the_limit_only_danger_is_answered(talk: Begin) -> None:
    person = talk()
    person.conversations.per_person = 2
    for _ in range(2):
        assert await person.say("hallo")
    assert await person.say("hallo") == []
    (answer, *_) = await person.say("ich will mich heute umbringen")
    assert "112" in answer
