"""`kavi run` with another's messenger: what operators read of it, and content that is taken in while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.servers import free_port
from tests.servers.compiled import few
from tests.soak.program import Program

PACKAGE = '''
import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot.messengers.terminal import TerminalMessenger
from bot.ports import Address, Inbound

class Pigeons(TerminalMessenger):
    """Brings each file of a folder as a letter, and writes what is sent into another."""

    name = "pigeons"
    account = "pigeons:loft"

    def __init__(self, values, open_source):
        self.loft = Path(values["loft"])
        super().__init__(lambda outbound: (self.loft / f"{outbound.key}.sent").write_text(outbound.text))

    async def ingest(self, sink):
        while True:
            for letter in self.loft.glob("*.letter"):
                home = Address(messenger=self.name, account=self.account, chat=letter.stem)
                said, now = letter.read_text(), datetime.now(UTC)
                await sink([Inbound(address=home, external_id=letter.name, kind="text", at=now, text=said)], None)
                letter.unlink()
            await asyncio.sleep(0.02)
'''
SECONDS = 60


class Collector:
    """Takes spans as an operator's tool does (OTLP over HTTP)."""

    def __init__(self) -> None:
        self.received = b""
        self.spans: set[str] = set()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.received += body
        found = ExportTraceServiceRequest.FromString(body)
        self.spans |= {span.name for one in found.resource_spans for scope in one.scope_spans for span in scope.spans}
        return web.Response()


@pytest.fixture
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    collector, port = Collector(), free_port()
    server = web.Application()
    server.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield collector, f"http://127.0.0.1:{port}/v1/traces"
    await runner.cleanup()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not true():
            await asyncio.sleep(0.02)


async def get(url: str) -> str:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


@contextlib.asynccontextmanager
async def running(folder: Path, **settings: str) -> AsyncIterator[Program]:
    """`kavi run` on the content and the pigeons of this folder; it must end well."""
    about = folder / "packages" / "kavi_pigeons-1.0.dist-info"
    for path in (about, folder / "loft"):
        path.mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "data" / "content.cache").touch()  # the shipped content is not wanted here
    (about.parent / "kavi_pigeons.py").write_text(PACKAGE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: kavi-pigeons\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[kavi.messengers]\npigeons = kavi_pigeons:Pigeons\n")
    program = Program(
        {
            "PYTHONPATH": str(about.parent), "KAVI_DATA_DIR": str(folder / "data"), "KAVI_CONTENT_DIR": str(few(folder / "content")),
            "KAVI_MESSENGERS": json.dumps({"pigeons": {"loft": str(folder / "loft")}}), "KAVI_LOG__FORMAT": "json", **settings,
        },
        folder / "log",
    )  # fmt: skip
    await program.start()
    try:
        await program.working()
        yield program
    finally:
        ended = await program.stop()
    assert ended == 0, (folder / "log").read_text()


@pytest.mark.slow
async def test_new_content_counts_while_it_runs_bad_content_does_not_and_operators_see_which(
    tmp_path: Path, collector: tuple[Collector, str]
) -> None:
    listen, (spans, url) = f"127.0.0.1:{free_port()}", collector
    flows = tmp_path / "content" / "dialogues" / "flows"
    loft, log = tmp_path / "loft", tmp_path / "log"

    async def version() -> str:
        (found,) = re.findall(r'kavi_content_info{version="(\w+)"} 1.0', await get(f"http://{listen}/metrics"))
        return str(found)

    async with running(
        tmp_path, KAVI_METRICS__LISTEN=listen, KAVI_METRICS__TRACES=url, KAVI_TELEGRAM__STAFF_CHATS='["-100"]'
    ) as program:
        (loft / "anna.letter").write_text("Hallo Brieftaube")
        await until(lambda: any("Wer schreibt gerade?" in path.read_text() for path in loft.glob("*.sent")))
        metrics = await get(f"http://{listen}/metrics")
        assert 'kavi_turns_total{kind="text",owner="bot"} 1.0' in metrics
        assert 'kavi_hop_seconds_count{hop="turn"} 1.0' in metrics
        assert "kavi_queue_waiting 0.0" in metrics, "there is a desk"
        assert await get(f"http://{listen}/readyz")
        first = await version()

        (flows / "broken.yaml").write_text("flow: broken\nsteps:\n  - sey: Hallo\n", encoding="utf-8")
        asked = await program.command("reload")
        assert (asked.returncode, asked.stdout) == (0, "Neu laden angestoßen; das Ergebnis steht im Protokoll.\n")
        await until(lambda: "content_refused" in log.read_text())
        assert await version() == first

        (flows / "broken.yaml").unlink()
        welcome = flows / "onboarding.yaml"
        welcome.write_text(
            welcome.read_text(encoding="utf-8").replace("Wer schreibt gerade?", "Wer fliegt gerade?"), encoding="utf-8"
        )
        assert (await program.command("reload")).returncode == 0
        await until(lambda: "content_loaded" in log.read_text())
        assert await version() != first
        (loft / "ben.letter").write_text("Hallo Brieftaube")
        await until(lambda: any("Wer fliegt gerade?" in path.read_text() for path in loft.glob("*.sent")))
    refused = next(json.loads(line) for line in log.read_text().splitlines() if "content_refused" in line)
    assert "broken.yaml:3:5: " in refused["first"]
    assert refused["problems"] >= 1
    assert spans.spans >= {"kavi.intake", "kavi.turn", "kavi.commit", "kavi.send"}
    told = spans.received + log.read_bytes()
    assert b"Brieftaube" not in told
    assert b"anna" not in told
