"""Everything that is said in all conversation tests, with every log on: no word of it is written anywhere in clear."""

from __future__ import annotations

import asyncio
import io
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from msgspec.structs import replace
from prometheus_client import generate_latest

from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.loader.nodes import Problems
from bot.ports import Address, Inbound, Sent
from bot.service.conversations import Conversations
from bot.service.lanes import LaneWorkers
from bot.service.metrics import Metrics
from bot.storage.sqlite import SqliteStore
from bot.testing.script import Script, load_scripts
from tests.contracts.stores import MASTER, commit_for
from tests.crisis import CRISIS
from tests.opened import raw

ACCOUNT = "telegram:1"
NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
LONG = 12  # characters from which a text cannot be a word of ours by chance
TOKEN = "123456:GEHEIMES-TOKEN"


def said(script: Script) -> list[str]:
    """What the person writes or presses in a script."""
    lines = [line for line in script.lines if line.kind in ("user", "press", "edit")]
    return [line.fields[line.kind].text() for line in lines]


@pytest.fixture
def written() -> io.StringIO:
    """Every log of ours and of every library, at its finest."""
    out = io.StringIO()
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(0), logger_factory=structlog.WriteLoggerFactory(file=out),
    )  # fmt: skip
    handler, root = logging.StreamHandler(out), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield out
    root.removeHandler(handler)
    root.setLevel(before)


async def test_whatever_is_said_nothing_of_it_is_written_anywhere(
    content: Content, tmp_path: Path, written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    scripts = load_scripts(Path(__file__).parents[1] / "conversations", Problems())
    if not os.environ.get("KAVI_TEST_LONG"):
        scripts = scripts[::3]
    talks = [said(script) for script in scripts] + [[text] for texts in CRISIS.values() for text in texts]
    store = SqliteStore(tmp_path / "kavi.sqlite", MASTER)
    await store.open()
    now = NOON
    conversations = Conversations(content, store, make_file=_fails)
    metrics = Metrics(store, lambda: now, lambda: content.version)
    conversations.watcher = metrics.watch
    workers = LaneWorkers(store, conversations.decide, lambda: now)
    await _begin(store, [script.session for script in scripts], len(talks))
    for turn in range(max(map(len, talks))):
        now += timedelta(minutes=1)
        batch = [_inbound(number, turn, talk[turn], now) for number, talk in enumerate(talks) if turn < len(talk)]
        await store.receive(batch, None)
        while await workers.once():
            pass
        for row in await store.due_outbox(ACCOUNT, now, 10_000):
            await store.settle(row.number, Sent(external_ids=(f"nachricht-{row.number}",)), now)
    await store.close()
    everything = written.getvalue() + "".join(capfd.readouterr()) + generate_latest(metrics.registry).decode()
    assert everything.count("turn") > 500, "the test is blind"
    assert "file_failed" in everything, "no exception with a text in it was seen"
    files = raw(tmp_path).decode("latin-1")
    texts = {text for talk in talks for text in talk if len(text) >= LONG}
    assert len(texts) > 60
    ours = everything.replace(content.version, "")
    for text in texts:
        assert text not in ours, text
        assert text.encode().decode("latin-1") not in files, text
    for secret in ("chat-geheim", "nachricht-", TOKEN):
        assert secret not in ours
        assert secret not in files


async def _begin(store: SqliteStore, sessions: list[Session], count: int) -> None:
    """The conversations as their scripts begin them."""
    begun = [replace(_inbound(number, -1, "", NOON), kind="unreaction") for number in range(count)]
    await store.receive(begun, None)
    by_place = {store.conversation_id(one.address): number for number, one in enumerate(begun)}
    lanes = await store.claim("begin", NOON, count)
    commits = []
    for lane in lanes:
        number = by_place[lane.conversation]
        session = sessions[number] if number < len(sessions) else Session()
        commits.append(store.commit(commit_for(lane, session.to_text(), consented=bool(session.consent))))
    await asyncio.gather(*commits)


async def _fails(template: str, values: object, at: datetime) -> bytes:
    """A file that cannot be made, with the person's words in the exception."""
    raise RuntimeError(f"{TOKEN} {values}")


def _inbound(number: int, turn: int, text: str, at: datetime) -> Inbound:
    chat = f"chat-geheim-{number}"
    address = Address(messenger="telegram", account=ACCOUNT, chat=chat)
    return Inbound(
        address=address, external_id=f"{number}-{turn}", kind="text", at=at, sender=chat, text=text,
        message=f"nachricht-{turn}",
    )  # fmt: skip
