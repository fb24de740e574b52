"""The smallest durable bot around the Matrix adapter, to be killed.

Usage: `python -m tests.soak.echo_program URL USER PASSWORD FOLDER`. Inbox, cursor and outbox lie in one SQLite file;
every text is answered with two messages.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.messengers.matrix import MatrixMessenger, MatrixSettings
from bot.ports import Address, Cursor, Inbound, Outbound, Retry

TABLES = """
create table if not exists inbox (id text primary key);
create table if not exists cursor (one integer primary key check (one = 1), value text);
create table if not exists outbox (number integer primary key, room text, text text, sent integer default 0);
"""


class EchoProgram:
    """Store, core and outbox in a few lines."""

    def __init__(self, matrix: MatrixMessenger, path: Path) -> None:
        self._matrix = matrix
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript("pragma journal_mode=wal;" + TABLES)
        self._work = asyncio.Event()

    def cursor(self) -> str | None:
        row = self._database.execute("select value from cursor").fetchone()
        return row[0] if row else None

    async def sink(self, batch: Sequence[Inbound], cursor: Cursor | None) -> None:
        self._database.execute("begin immediate")
        for inbound in batch:
            fresh = self._database.execute("insert or ignore into inbox values (?)", (inbound.external_id,)).rowcount
            if fresh and inbound.kind in ("text", "start"):
                for answer in (f"1: {inbound.text}", f"2: {inbound.text}"):
                    row = (inbound.address.chat, answer)
                    self._database.execute("insert into outbox (room, text) values (?, ?)", row)
        if cursor is not None:
            self._database.execute("insert or replace into cursor values (1, ?)", (cursor.value,))
        self._database.execute("commit")
        self._work.set()

    async def deliver(self) -> None:
        """Each room in order, repeated until it is settled."""
        while True:
            query = "select min(number), room, text from outbox where sent = 0 group by room"
            for number, room, text in self._database.execute(query).fetchall():
                address = Address(messenger="matrix", account=self._matrix.account, chat=room)
                receipt = await self._matrix.send(Outbound(address=address, key=f"o-{number}", text=text, markup=False))
                if not isinstance(receipt, Retry):
                    self._database.execute("update outbox set sent = 1 where number = ?", (number,))
            self._work.clear()
            if self._database.execute(query).fetchone() is None:
                await self._work.wait()
            else:
                await asyncio.sleep(0.05)


async def main(url: str, user: str, password: str, folder: str) -> None:
    settings = MatrixSettings(homeserver=url, user_id=user, password=password, store_dir=Path(folder) / "matrix")
    matrix = MatrixMessenger(settings)
    program = EchoProgram(matrix, Path(folder) / "echo.db")
    while True:
        try:
            await matrix.start(program.cursor())
        except Exception as error:  # the network fails on purpose
            print("start failed", type(error).__name__, error, flush=True)
            await asyncio.sleep(0.5)
        else:
            print("messenger_started", flush=True)
            break
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(matrix.ingest(program.sink))
        tasks.create_task(program.deliver())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
