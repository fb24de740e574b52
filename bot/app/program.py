"""`kavi run`: all parts together, until a signal ends them."""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.backed_up import backed_up
from bot.app.content import load_content_for, refuse_unsigned
from bot.app.desk import make_policy, open_desk
from bot.app.installation import make_conversations, open_store
from bot.app.logs import configure_logs
from bot.app.speakers import make_speakers
from bot.config import Settings
from bot.errors import ConfigError, ContentError
from bot.loader.files import give_back
from bot.log import Log
from bot.ports import Store
from bot.service.conversations import Conversations

if TYPE_CHECKING:  # loaded when it is needed: a conversation in the terminal is no program
    from bot.service.hops import Hops
    from bot.service.program import Program

_SETTLED = 15.0  # seconds: by then everything that a start imports and reads is there


async def run_program(settings: Settings, roles: frozenset[str]) -> int:
    """`kavi run`: every loop until a signal ends it; the exit code."""
    from bot.service.honest import Honest
    from bot.service.program import Program
    from bot.service.quick import quick_answers

    configure_logs(settings)
    content = load_content_for(settings)
    refuse_unsigned(content, settings)
    async with open_store(settings) as store:
        conversations = make_conversations(settings, content, store)
        answers = quick_answers(lambda: conversations.content, lambda: datetime.now(UTC))
        speakers = make_speakers(settings, store, answers)
        desk = await open_desk(settings, content, store, speakers)
        if desk is not None:
            conversations.desk = True
            conversations.honest = Honest(store, desk.policy).content
        holder = claim_folder(settings.data_dir)
        program = Program(store, conversations, speakers, lambda: datetime.now(UTC), roles, holder=holder, desk=desk)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, program.stop.set)
        loop.call_later(_SETTLED, give_back)
        loop.add_signal_handler(signal.SIGHUP, lambda: reload_content(settings, conversations, program))
        _write_pid(settings)
        async with _metrics_of(settings, conversations, store, program.hops):
            with _traces_of(settings, program.hops):
                return await program.run()


def _metrics_of(
    settings: Settings, conversations: Conversations, store: Store, hops: Hops
) -> AbstractAsyncContextManager[object]:
    """The endpoints for operators, when `metrics.listen` is set."""
    if not settings.metrics.listen:
        return nullcontext()
    from bot.service.metrics import Metrics, serve_metrics

    metrics = Metrics(
        store, lambda: datetime.now(UTC), lambda: conversations.content.version, partial(backed_up, settings),
        _people_waiting if conversations.desk else None,
    )  # fmt: skip
    conversations.watcher = metrics.watch
    conversations.matched = metrics.matched
    hops.listeners.append(metrics.took)
    return serve_metrics(metrics, settings.metrics.listen)


@contextmanager
def _traces_of(settings: Settings, hops: Hops) -> Iterator[None]:
    """Spans of each hop, when `metrics.traces` is set. Raises ConfigError when the extra is not installed."""
    if not settings.metrics.traces:
        yield
        return
    from bot.service.tracing import traces_to

    with traces_to(settings.metrics.traces) as span:
        hops.spans.append(span)
        yield


async def _people_waiting(store: Store) -> list[datetime]:
    from bot.service.desk_records import load

    return [datetime.fromtimestamp(case.queued, UTC) for case in (await load(store)).queue()]


def reload_content(settings: Settings, conversations: Conversations, program: Program) -> None:
    """Takes new content; bad content never replaces good."""
    log = Log("kavi.run")
    try:
        conversations.content = load_content_for(settings)
    except (ContentError, ConfigError, OSError) as error:
        log.error("content_refused", problems=str(error).count("\n") + 1, first=str(error).split("\n")[0])
    else:
        if program.desk is not None:
            program.desk.policy = make_policy(settings, conversations.content, program.speakers)
        log.info("content_loaded", version=conversations.content.version)


def claim_folder(folder: Path) -> str:
    """The name under which this process holds leases.

    The first process on a data folder takes over the name of its predecessor there, which is dead for certain because
    the lock on the folder was free; so a restart waits for no lease. Further ones get names of their own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"kavi-{secrets.token_hex(4)}"
    descriptor = os.open(folder / "process.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held until the process ends
    except OSError:
        os.close(descriptor)
        return name
    known = os.read(descriptor, 64).decode()
    if known:
        return known
    os.write(descriptor, name.encode())
    return name


def folder_in_use(folder: Path) -> bool:
    """Whether a Kavi runs on this data folder: the number in `kavi.pid` may be somebody else's by now, the lock is nobody's."""
    try:
        descriptor = os.open(folder / "process.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _write_pid(settings: Settings) -> None:
    (settings.data_dir / "kavi.pid").write_text(f"{os.getpid()}\n")
