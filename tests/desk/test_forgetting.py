"""Who is forgotten while counsellors work on her case: the whole program, its files, its backup, its logs, the staff's forum."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path

import pytest
import structlog

from bot.desk.state import Case
from bot.service.forgetting import erase_everywhere
from bot.testing.telegram import Person
from tests.desk.office import Office, office
from tests.opened import copy_of, in_sqlite, raw
from tests.servers.compiled import seed

WORDS, ANSWER, FILE, OTHER = "Pfefferminztee", "Lakritzstange", b"Apfelkuchen" * 99, "Zimtschnecke"


def listen() -> io.StringIO:
    """From now on everything that is logged is written there, whatever its level."""
    written = io.StringIO()
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        logger_factory=structlog.WriteLoggerFactory(file=written),
    )
    return written


async def _case_of_two(desk: Office) -> tuple[Case, Person]:
    """Two families write; a counsellor works on the case of the first and has sent her words and a file."""
    berta = await desk.counsellor("Frau Berg")
    other = await desk.family("Olga")
    other.says(OTHER)
    anna = await desk.family()
    anna.says("Mensch")
    case = await desk.owned("queue")
    await desk.until(lambda: any(case.code in text for text in berta.texts))
    berta.presses(next(one for one in berta.received if case.code in one["text"]), "Übernehmen")
    case, room = await desk.room_of(berta)
    anna.says(f"Ich mag {WORDS}")
    await desk.until(lambda: any(WORDS in text for text in room.texts))
    room.says(f">> Und ich {ANSWER}")
    await desk.until(lambda: any(ANSWER in text for text in anna.texts))
    room.sends("document", FILE, "brief.pdf", caption=">> Hier der Brief")
    await desk.until(lambda: any("document" in one for one in anna.received))
    return case, anna


async def _to_the_child(desk: Office, anna: Person) -> None:
    """The conversation is given back, and the child writes on the same phone."""
    case = await desk.case()
    await desk.until(lambda: case.place is not None)
    room = desk.topic(case, desk.forum.member("Frau Berg"))
    room.says("/abgeben")
    await desk.owned("bot")
    anna.says("Mein Kind schreibt jetzt")
    await desk.until(lambda: any("spreche ich mit Ihrem Kind" in text for text in anna.texts))


def _restorable(folder: Path, data: Path) -> list[bytes]:
    """What a copy of before shows with today's keys."""
    return in_sqlite(folder / "kavi.sqlite", data / "kavi-keys.sqlite", _master(data))


@pytest.mark.parametrize("way", ["her own words", "the operator", "from the child's part"])
async def test_nothing_of_her_is_left_while_the_case_is_open(tmp_path: Path, way: str) -> None:
    data, copies = tmp_path / "data", tmp_path / "backup"
    seed(data)
    async with office(data) as desk:
        logs = listen()
        case, anna = await _case_of_two(desk)
        copy_of(data / "kavi.sqlite", copies / "kavi.sqlite")
        before = _restorable(copies, data)
        for secret in (WORDS.encode(), ANSWER.encode(), FILE[:20]):
            assert any(secret in plain for plain in before), "the test is blind"
        await desk.stop()
        await desk.start()  # the desk knows nothing by heart
        later_logs = listen()
        began = time.monotonic()
        if way == "the operator":
            await erase_everywhere(desk.store, case.conversation, desk.program.clock())
            assert time.monotonic() - began < 1.0
        else:
            if way == "from the child's part":
                await _to_the_child(desk, anna)
            anna.says("Vergiss mich")
            await desk.until(lambda: "alles löschen?" in anna.texts[-1])
            anna.says("Ja")
            await desk.until(lambda: any("Ich habe alles gelöscht" in text for text in anna.texts))
        assert case.place is not None
        topic = int(case.place.thread)
        await desk.until(lambda: topic not in desk.forum.chat.topics)
        assert not [one for one in desk.forum.chat.messages.values() if WORDS in str(one)]
        assert (await desk.desk()).case_of(case.conversation) is None
        hers_stay = WORDS in str(anna.chat.messages)
        assert hers_stay == (way == "the operator"), (
            "who forgets herself has her own words of the last two days deleted too"
        )
        for found in (
            _restorable(copies, data),
            in_sqlite(data / "kavi.sqlite", data / "kavi-keys.sqlite", _master(data)),
        ):
            for secret in (WORDS.encode(), ANSWER.encode(), FILE[:20]):
                assert not [plain for plain in found if secret in plain]
            assert any(OTHER.encode() in plain for plain in found), "the second conversation is untouched"
        written = raw(data, copies) + (logs.getvalue() + later_logs.getvalue()).encode()
        for secret in (WORDS, ANSWER, OTHER, str(anna.id), desk.server.token):
            assert secret.encode() not in written


def _master(data: Path) -> bytes:
    return base64.b64decode((data / "master.key").read_text())
