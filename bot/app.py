"""The composition root: from settings to running parts. The only module that names concrete messengers and stores."""

from __future__ import annotations

import hashlib
import logging
import pickle
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bot.config import Settings, content_root, store_url
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.errors import ConfigError
from bot.loader.content import content_files, load_content
from bot.ports import Address, ConversationId, Inbound, Store, TurnCommit
from bot.service.conversations import FileMaker
from bot.storage.sqlite import SqliteStore
from bot.vault.keys import master_key


def quiet_logs(settings: Settings) -> None:
    """Logs go nowhere: a terminal conversation shows only the conversation."""
    structlog.configure(
        logger_factory=structlog.ReturnLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
    )


def configure_logs(settings: Settings) -> None:
    """Logs go to standard error, one line each; library loggers are kept quiet because they may print addresses."""
    logging.basicConfig(level=logging.CRITICAL, handlers=[logging.NullHandler()])
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.log.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log.level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


# ------------------------------------------------------------------ content


def load_content_for(settings: Settings) -> Content:
    """The content, from the cache in the data folder when no file changed since it was compiled.

    Raises ContentError for content with problems, ConfigError when there is none.
    """
    root = content_root(settings)
    cache = settings.data_dir / "content.cache"
    stamp = _stamp(root)
    cached = _read_cache(cache, stamp)
    if cached is not None:
        return cached
    content = load_content(root)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    fresh = cache.with_suffix(".new")
    fresh.write_bytes(stamp + pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL))
    fresh.replace(cache)
    return content


def _stamp(root: Path) -> bytes:
    """Names, sizes and times of all content files and of the program's own: cheap, and changes when any of them does."""
    digest = hashlib.blake2b(digest_size=16)
    for path in [*content_files(root), *sorted(Path(__file__).parent.rglob("*.py"))]:
        about = path.stat()
        digest.update(f"{path}|{about.st_size}|{about.st_mtime_ns}\n".encode())
    return digest.digest()


def _read_cache(cache: Path, stamp: bytes) -> Content | None:
    if not cache.is_file():
        return None
    data = cache.read_bytes()
    if data[: len(stamp)] != stamp:
        return None
    try:
        found = pickle.loads(data[len(stamp) :])  # our own file in our own folder
    except Exception:
        return None  # a damaged cache is only slow
    return found if isinstance(found, Content) else None


# ------------------------------------------------------------------ store


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """The configured store, opened; closed at the end.

    Raises ConfigError for an unknown address or a wrong key, StoreError for a store that cannot be used.
    """
    store = make_store(settings)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def make_store(settings: Settings) -> Store:
    """The store that `KAVI_STORE__URL` names, not yet opened."""
    url = store_url(settings)
    secret = settings.secrets.master_key
    master = master_key(secret.get_secret_value() if secret is not None else None, settings.data_dir)
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return SqliteStore(_sqlite_path(rest), master)
    raise ConfigError(f"KAVI_STORE__URL={scheme}://…: known are sqlite:///path and postgresql://….")


def _sqlite_path(rest: str) -> Path:
    """sqlite:///relative.db and sqlite:////absolute.db, as SQLAlchemy writes them."""
    return Path(rest.removeprefix("/"))


async def begin_with(store: Store, address: Address, session: Session) -> None:
    """Begins a conversation with a session instead of from nothing (`kavi chat --as`)."""
    now = datetime.now(UTC)
    await store.receive([Inbound(address=address, external_id="begin", kind="unreaction", at=now)], None)
    for lane in await store.claim("begin", now, 1000):
        if lane.conversation != store.conversation_id(address):
            await store.release(lane.conversation, lane.fence)
            continue
        await store.commit(
            TurnCommit(
                conversation=ConversationId(lane.conversation),
                address=address,
                fence=lane.fence,
                version=lane.version,
                session=session.to_text(),
                done=tuple(row.number for row in lane.inbox),
                consented=bool(session.consent),
            )
        )
        await store.release(lane.conversation, lane.fence)


def file_maker(content: Content) -> FileMaker | None:
    """What turns `file:` steps into files; None until templates exist."""
    return None
