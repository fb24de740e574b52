"""The program that the core soak kills: the real lane, vault, SQLite store and turn, fed from a script.

`python -m tests.soak.core_program FOLDER BEGUN`. Reads `FOLDER/script.jsonl` (chat, number, text) as its messenger: what was taken in is
remembered by the cursor, stored with the inbox. What is sent is appended to `FOLDER/sent.jsonl` before it counts as sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import app
from bot.config import Settings
from bot.ports import Address, Capabilities, Cursor, Inbound, MediaFile, Outbound, Receipt, Sent, Sink
from bot.service import loop
from bot.service.conversations import Conversations
from bot.service.program import Program, Speaker

ACCOUNT = "script:1"
FASTER = 10.0  # this clock runs fast, so that held replies and leases of the dead come due soon
START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


class ScriptMessenger:
    """A messenger whose people say what a file says, and whose screen is a file."""

    name = "script"
    account = ACCOUNT
    capabilities = Capabilities(idempotent_send=True)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._position = 0
        self._sent = (folder / "sent.jsonl").open("ab", buffering=0)

    async def start(self, cursor: str | None) -> None:
        self._position = int(cursor or 0)

    async def ingest(self, sink: Sink) -> None:
        lines = (self._folder / "script.jsonl").read_text().splitlines()
        while True:
            batch = lines[self._position : self._position + 5]
            if batch:
                # A crash between storing and the next line repeats the batch: ids make that harmless.
                await sink(
                    [self._inbound(line) for line in batch],
                    Cursor(account=ACCOUNT, value=str(self._position + len(batch))),
                )
                self._position += len(batch)
            else:  # the script grows
                lines = (self._folder / "script.jsonl").read_text().splitlines()
            await asyncio.sleep(0.002 if batch else 0.2)

    def _inbound(self, line: str) -> Inbound:
        row = json.loads(line)
        address = Address(messenger="script", account=ACCOUNT, chat=row["chat"])
        at = START + timedelta(minutes=row["number"])
        return Inbound(
            address=address, external_id=f"{row['chat']}-{row['number']}", kind="text", at=at, text=row["text"]
        )

    async def send(self, outbound: Outbound) -> Receipt:
        row = {"chat": outbound.address.chat, "key": outbound.key, "text": outbound.text, "at": time.time()}
        os.write(self._sent.fileno(), json.dumps(row, ensure_ascii=False).encode() + b"\n")
        return Sent(external_ids=(outbound.key,))

    async def typing(self, address: Address) -> None: ...

    async def download(self, media: MediaFile, cap: int) -> bytes | None:
        return None

    async def open_room(self, title: str, invite: Sequence[str], parent: str = "", topic: str = "") -> Address | None:
        return None

    async def change_room(self, address: Address, *, invite: Sequence[str] = (), expel: Sequence[str] = ()) -> None: ...

    async def close_room(self, address: Address) -> None: ...

    async def health(self) -> Mapping[str, str]:
        return {}

    async def close(self) -> None:
        return None


async def main(folder: Path, begun: float) -> None:
    settings = Settings(data_dir=folder)
    app.quiet_logs(settings)
    content = app.load_content_for(settings)
    async with app.open_store(settings) as store:
        conversations = Conversations(content, store)
        speaker = Speaker(ScriptMessenger(folder), 0.0, 0.0)
        # After everything that the script says, but not so long that retention would forget what was said.
        shift = START + timedelta(hours=8)
        program = Program(
            store, conversations, [speaker], lambda: shift + FASTER * timedelta(seconds=time.time() - begun)
        )
        print("messenger_started", flush=True)
        await program.run()


if __name__ == "__main__":
    loop.run(main(Path(sys.argv[1]), float(sys.argv[2])))
