"""On Telegram nobody's danger is passed over: whatever state, language and kind of message, each raises one alert."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot import app
from bot.dialogue import Session
from bot.dialogue.session import Frame, Owner, Part
from bot.ports import Address, ConversationId
from bot.testing.telegram import Person, TelegramServer
from tests.crisis import CRISIS, SPLIT
from tests.desk.office import Office
from tests.servers.compiled import seed

PICTURE = b"\xff\xd8\xff\xe0" + bytes(60)


def states(office: Office) -> list[Session | None]:
    """Representative ones: nobody yet, a stranger in the first questions, inside a flow, waiting, with a counsellor, closed."""
    content = app.load_content_for(office.settings)
    flow = content.flows["first-visit"]
    step = next(one.name for one in flow.steps if type(one.action).__name__ == "Ask")
    frame = Frame(flow=flow.name, version=flow.version, step=step, question="q1.0")
    owners: tuple[Owner, ...] = ("bot", "queue", "counsellor", "closed")
    talking = [
        Session(
            owner=owner,
            consent="1",
            parts={"adult": Part(audience=audience, frames=(frame,) if owner == "bot" else ())},
        )
        for owner, audience in zip(owners, ("caregiver", "child", "parent", "staff"), strict=True)
    ]
    refused = Session(parts={"adult": Part(audience="caregiver")})
    return [None, refused, *talking]


def ways(language: str) -> dict[str, Callable[[Person], None]]:
    """How a crisis message comes in on Telegram."""
    text = CRISIS[language][0]

    def edit(person: Person) -> None:
        person.edits(person.says("Guten Tag"), text)

    def split(person: Person) -> None:
        for words in SPLIT[language]:
            person.says(words)

    def burst(person: Person) -> None:
        for words in ("hm", text, "ok"):
            person.says(words)

    return {
        "text": lambda person: person.says(text),
        "caption": lambda person: person.sends("photo", PICTURE, "x.jpg", caption=text),
        "edit": edit, "split": split, "burst": burst,
    }  # fmt: skip


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    data = tmp_path / "data"
    seed(data)
    async with TelegramServer() as server:
        made = Office(data, server, server.group("Beratung", forum=True, admin=True))
        yield made
        with contextlib.suppress(AttributeError):
            await made.stop()


async def test_each_state_and_kind_raises_one_alert_also_after_a_restart(office: Office) -> None:
    (speaker,) = app.make_speakers(office.settings, None)  # type: ignore[arg-type]  # only its account is asked for
    languages = itertools.cycle(CRISIS)
    plan: list[tuple[Person, ConversationId, str, Callable[[Person], None]]] = []
    async with app.open_store(office.settings) as store:
        for number, (session, name) in enumerate(itertools.product(states(office), ways("de"))):
            language = next(languages)
            person = office.server.person(f"P{number}", language=language)
            at = Address(messenger="telegram", account=speaker.messenger.account, chat=str(person.id))
            if session is not None:
                await app.begin_with(store, at, session)
            plan.append((person, store.conversation_id(at), f"{name} {language}", ways(language)[name]))
    half = len(plan) // 2
    for part, wanted in ((plan[:half], half), (plan[half:], len(plan))):
        await office.start()
        for person, _, _, act in part:
            act(person)
        async with asyncio.timeout(60):
            while (found := len(await office.store.alerts(open_only=False))) < wanted:
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        alerts = [one.conversation for one in await office.store.alerts(open_only=False)]
        assert {name: alerts.count(one) for _, one, name, _ in plan if alerts.count(one) > 1} == {}
        assert len(alerts) == wanted == found
        await office.stop()
