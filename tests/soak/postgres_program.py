"""One of the processes that the PostgreSQL soak kills: the whole program over the shared store.

`python -m tests.soak.postgres_program FOLDER NAME BEGUN`; the store's address and the master key come as settings. All read the
same script and write to the same screen; who holds the account's lease speaks.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import app
from bot.config import read_settings
from bot.service import loop
from bot.service.conversations import Conversations
from bot.service.program import Program, Speaker
from tests.soak.core_program import START, ScriptMessenger


async def main(folder: Path, name: str, begun: float) -> None:
    settings = read_settings(data_dir=folder / name)
    app.quiet_logs(settings)
    content = app.load_content_for(settings)
    # After everything that the script says, but not so long that retention would forget what was said.
    shift = START + timedelta(hours=8) - datetime.fromtimestamp(begun, UTC)
    async with app.open_store(settings) as store:
        conversations = Conversations(content, store)
        program = Program(
            store,
            conversations,
            [Speaker(ScriptMessenger(folder), 0.0, 0.0)],
            lambda: datetime.now(UTC) + shift,
            holder=app.claim_folder(folder / name),
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, program.stop.set)
        print("ready", flush=True)
        await program.run()


if __name__ == "__main__":
    loop.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
