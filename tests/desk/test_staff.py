"""Who is in the team, what operators decide, and the log that cannot be changed unnoticed."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot import app
from bot.cli import desk as commands
from bot.config import read_settings, settings_of
from bot.desk.hours import Policy
from bot.desk.machine import hash_of
from bot.dialogue.content import Content
from bot.errors import ConfigError
from bot.ports import DESK, Document
from bot.service.desk import DeskLane
from bot.service.desk_records import AUDIT
from bot.service.staff import audit_lines, broken_at
from tests.desk.world import World


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation without a running program."""
    monkeypatch.setenv("KAVI_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def work_once() -> None:
    """What the running program would do with the commands' events."""

    async def work() -> None:
        async with app.open_store(read_settings()) as store:
            for lane in await store.claim("test", datetime.now(UTC), 10):
                assert lane.address == DESK
                await store.commit(await DeskLane(store, Policy()).decide(lane, datetime.now(UTC)))

    asyncio.run(work())


def test_people_are_added_listed_and_removed_at_the_command_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.run_staff_add("Frau Berg", "counsellor, supervisor", "", "de,tr", 4) == 0
    printed = capsys.readouterr().out
    code = re.findall(r"/anmelden (\w{10})", printed)[0]
    work_once()
    assert commands.run_staff_list() == 0
    listed = capsys.readouterr().out
    assert "Frau Berg" in listed
    assert "0/4" in listed
    assert code not in listed
    stored = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert code.encode() not in stored, "the code is kept as a hash only"
    assert hash_of(code) != hash_of(code[::-1])
    assert commands.run_desk(once=True) == 0
    assert "Offene Fälle" in capsys.readouterr().out
    assert commands.run_staff_code("Frau Berg") == 0
    assert commands.run_staff_off("Frau Berg") == 0
    work_once()
    commands.run_staff_list()
    assert "ausgeschieden" in capsys.readouterr().out
    assert commands.run_staff_off("Frau Niemand") == 2
    assert "0 Personen heißen" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="möglich sind counsellor"):
        commands.run_staff_add("X", "queen", "", "de", 4)


def test_settings_become_teams_hours_and_a_rota(content: Content) -> None:
    desk = {
        "hours": "mo-fr 9-17", "land": "BY", "urgent_minutes": 5,
        "teams": {"recht": {"title": "Rechtsteam", "hours": "mo 9-10"}, "child": {"title": "Kinderteam"}},
        "on_call": {"sa-so 0-24": ["Frau Berg"]},
    }  # fmt: skip
    policy = app.make_policy(settings_of({"desk": desk}), content, ())
    assert policy.urgent_minutes == 5
    assert policy.team("recht").title == "Rechtsteam"
    epiphany = datetime(2027, 1, 6, 10, tzinfo=UTC)
    assert policy.team("child").hours.closes(epiphany) is None, "a holiday in Bavaria"
    assert policy.team("child").hours.closes(epiphany.replace(day=7)) is not None
    assert policy.rota.on_call(datetime(2026, 11, 28, 12, tzinfo=UTC)) == ("Frau Berg",)
    assert "first-visit" in policy.flows
    assert len(policy.topics) > 100
    assert policy.canned, "canned answers and the checklist come from knowledge/desk"
    for wrong in ({"hours": "montags"}, {"on_call": {"irgendwann": ["X"]}}, {"land": "XX"}):
        with pytest.raises(ConfigError):
            app.make_policy(settings_of({"desk": wrong}), content, ())


async def test_the_log_shows_who_did_what_and_cannot_be_changed_unnoticed(content: Content) -> None:
    world = World(content)
    case = await world.taken("!anna")
    assert case.place is not None
    await world.family("!anna", "ein Geheimnis")
    await world.staff("berg", case.place.chat, ">> auch eins")
    await world.staff("berg", case.place.chat, "/schließen geklärt")
    await world.pump()
    rows = await audit_lines(world.store)
    did = [(row["who"], row["did"], row["case"]) for row in rows]
    assert ("berg", "took", case.code) in did
    assert ("berg", "closed", case.code) in did
    assert not any("Geheimnis" in json.dumps(row) or "auch eins" in json.dumps(row) for row in rows)
    assert await broken_at(world.store) is None

    documents = await world.store.documents(AUDIT)
    forged = json.loads(documents[2].body or "") | {"who": "jemand anderes"}
    await world.store.put_documents([replace(documents[2], body=json.dumps(forged))])
    assert await broken_at(world.store) == 4, "the next line tells that the one before was changed"
    await world.store.put_documents([documents[2], Document(kind=AUDIT, key=documents[3].key, body=None)])
    assert await broken_at(world.store) == 4, "a line is missing"
