"""`kavi run` with both messengers and 10,000 known conversations on each: seconds until both listen, and its memory while idle."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import app
from bot.config import Settings
from bot.ports import Address, Inbound, Store, TurnCommit
from bot.service import loop
from bot.testing.script import onboarded
from bot.testing.telegram import TelegramServer
from tests.servers import free_port
from tests.servers.synapse import Synapse
from tests.soak import matrix, telegram
from tests.soak.program import Program

KNOWN = 10_000  # conversations on each messenger
BATCH = 500
STARTS = 3
IDLE_SECONDS = 20.0


async def _know(data: Path, accounts: Mapping[str, str]) -> None:
    """Puts the conversations of each messenger and account into the store."""
    text = onboarded("caregiver").to_text()
    async with app.open_store(Settings(data_dir=data)) as store:
        for first in range(0, KNOWN, BATCH):
            for messenger, account in accounts.items():
                addresses = [
                    Address(messenger=messenger, account=account, chat=f"{n}") for n in range(first, first + BATCH)
                ]
                await _begin(store, addresses, text)


async def _begin(store: Store, addresses: Sequence[Address], session: str) -> None:
    now = datetime.now(UTC)
    await store.receive(
        [Inbound(address=one, external_id=one.chat, kind="unreaction", at=now) for one in addresses], None
    )
    await asyncio.gather(
        *(
            store.commit(
                TurnCommit(
                    conversation=lane.conversation, address=lane.address, fence=lane.fence, version=lane.version,
                    session=session, done=tuple(row.number for row in lane.inbox), consented=True,
                )
            )
            for lane in await store.claim("bench", now, len(addresses))
        )
    )  # fmt: skip


def _megabytes(process: int, name: str) -> float:
    """A figure of /proc/PID/status in MB."""
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1000


async def _start(environment: dict[str, str], log: Path) -> tuple[float, Program]:
    """Starts the program; seconds until the last messenger says that it has started."""
    program = Program(environment, log)
    before = log.read_bytes().count(b"messenger_started") if log.exists() else 0
    begun = time.perf_counter()
    await program.start()
    async with asyncio.timeout(90):
        while log.read_bytes().count(b"messenger_started") < before + 2:
            await asyncio.sleep(0.02)
    return time.perf_counter() - begun, program


async def _measure(folder: Path) -> dict[str, Any]:
    homeserver = Synapse(folder / "synapse", port=free_port())
    await asyncio.to_thread(homeserver.start)
    try:
        account = await asyncio.to_thread(homeserver.register, "kavi")
        async with TelegramServer() as server:
            environment = matrix.environment(account, homeserver.url, folder) | telegram.environment(server, folder)
            log = folder / "kavi.log"
            await _know(
                folder / "data", {"telegram": f"telegram:{server.token.partition(':')[0]}", "matrix": account.user_id}
            )
            _, program = await _start(environment, log)  # the first start logs in and compiles the content
            await program.stop()
            seconds = []
            for _ in range(STARTS):
                took, program = await _start(environment, log)
                seconds.append(took)
                await asyncio.sleep(IDLE_SECONDS)
                resident, most = _megabytes(program.id, "VmRSS"), _megabytes(program.id, "VmHWM")
                await program.stop()
    finally:
        await asyncio.to_thread(homeserver.remove)
    return {
        "start with 2 x 10,000 known conversations s (median)": round(statistics.median(seconds), 2),
        "resident while idle MB": round(resident),
        "at most since the start MB": round(most),
    }


def run(rest: list[str]) -> dict[str, Any]:
    """Figures of one machine; nothing to compare with."""
    app.quiet_logs(Settings())
    with tempfile.TemporaryDirectory(prefix="kavi-idle-") as folder:
        return loop.run(_measure(Path(folder)))
