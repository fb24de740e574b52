"""One of the processes that the PostgreSQL soak kills: the whole program over the shared store.

`python -m tests.soak.postgres_program FOLDER NAME`; the store's address and the master key come as settings. All read the
same script and write to the same screen; who holds the account's lease speaks.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import app
from bot.config import Settings
from bot.service.conversations import Conversations
from bot.service.program import Program, Speaker
from tests.soak.core_program import ScriptMessenger


async def main(folder: Path, name: str) -> None:
    settings = Settings(data_dir=folder / name)
    app.quiet_logs(settings)
    content = app.load_content_for(settings)
    async with app.open_store(settings) as store:
        conversations = Conversations(content, store)
        program = Program(
            store,
            conversations,
            [Speaker(ScriptMessenger(folder), 0.0, 0.0)],
            lambda: datetime.now(UTC) + timedelta(days=400),  # after everything that the script says
            holder=app.claim_folder(folder / name),
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, program.stop.set)
        print("ready", flush=True)
        await program.run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
