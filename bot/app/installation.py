"""What an installation keeps: its store, its keys, its conversations."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from bot.config import Settings, content_root, store_url
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.documents import file_maker
from bot.errors import ConfigError, StoreError
from bot.insights.questions import survey_counts
from bot.ports import Address, ConversationId, Inbound, Store, TurnCommit
from bot.service.conversations import Conversations
from bot.storage.sqlite import SqliteStore
from bot.storage.sqlite_files import lies_encrypted
from bot.vault import certificates
from bot.vault.keys import master_key
from bot.vault.sealing import derive

NO_FILES = (
    "Die Einstellung store.encrypted gilt nur für SQLite; PostgreSQL verschlüsselt sein Betreiber auf dem Datenträger."
)


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


@asynccontextmanager
async def open_known_store(settings: Settings) -> AsyncIterator[Store]:
    """As `open_store`, for what only looks at an installation: where no database file lies it makes none.

    An empty one in the wrong folder would look like a Kavi that nobody writes to. Raises StoreError.
    """
    url = store_url(settings)
    path = _sqlite_path(url.partition("://")[2])
    if url.startswith("sqlite:") and not path.is_file():
        raise StoreError(
            f"Hier gibt es noch keine Datenbank ({path}). Kavi legt sie beim ersten Start an (kavi run, kavi chat); läuft es "
            "mit einem anderen Datenordner (KAVI_DATA_DIR) oder einer anderen Adresse (KAVI_STORE__URL)?"
        )
    async with open_store(settings) as store:
        yield store


def make_store(settings: Settings) -> Store:
    """The store that `KAVI_STORE__URL` names, not yet opened."""
    url = store_url(settings)
    master = master_of(settings)
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return SqliteStore(_sqlite_path(rest), master, encrypted=settings.store.encrypted)
    if settings.store.encrypted:
        raise ConfigError(NO_FILES)
    if scheme in ("postgresql", "postgres"):
        return _postgres(url, master, settings)
    raise ConfigError(f"KAVI_STORE__URL={scheme}://…: möglich sind sqlite:///pfad und postgresql://….")


def _postgres(url: str, master: bytes, settings: Settings) -> Store:
    try:
        from bot.storage.postgres import PostgresStore
    except ModuleNotFoundError:
        raise ConfigError("Für PostgreSQL fehlt der Treiber: pip install 'kavi-bot[postgres]'.") from None
    return PostgresStore(url, master, keys_url=settings.store.keys_url, direct_url=settings.store.direct_url)


def as_it_lies(settings: Settings) -> Settings:
    """These settings with `encrypted` as the database lies there: of a move, the setting says how its target shall lie."""
    scheme, _, rest = store_url(settings).partition("://")
    found = scheme == "sqlite" and lies_encrypted(_sqlite_path(rest))
    return replace(settings, store=replace(settings.store, encrypted=found))


def _sqlite_path(rest: str) -> Path:
    """sqlite:///relative.db and sqlite:////absolute.db, as SQLAlchemy writes them."""
    return Path(rest.removeprefix("/"))


def master_of(settings: Settings) -> bytes:
    """The master key of this installation. Raises ConfigError."""
    secret = settings.secrets.master_key
    return master_key(secret.reveal() if secret is not None else None, settings.data_dir)


def certificate_key(settings: Settings) -> bytes:
    """The key that marks certificates. Raises ConfigError when there is no master key."""
    return derive(master_of(settings), certificates.PURPOSE)


def make_conversations(settings: Settings, content: Content, store: Store) -> Conversations:
    """The conversations of this installation; their files are made from the content that counts at the moment."""
    conversations = Conversations(content, store, per_person=settings.limits.per_person)
    pictures = content_root(settings) / "dialogues"
    conversations.receivers = {"survey": survey_counts(secrets.randbelow, tuple(content.laender))}

    def certify(course: str, share: int, at: datetime) -> str:
        return certificates.certify(certificate_key(settings), course, share, at)

    conversations.make_file = file_maker(lambda: conversations.content, pictures, certify)
    return conversations


async def begin_with(store: Store, address: Address, session: Session) -> None:
    """Begins a conversation with a session instead of from nothing (`kavi chat --as`)."""
    now = datetime.now(UTC)
    await store.receive(
        [Inbound(address=address, external_id=f"begin:{address.chat}", kind="unreaction", at=now)], None
    )
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
