"""The composition root: from settings to running parts. The only module that names concrete messengers and stores."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import logging
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config import Secret, Settings, TeamSettings, content_root, store_url
from bot.dialogue import Session
from bot.dialogue.content import Content
from bot.documents import can_speak, file_maker
from bot.errors import ConfigError, ContentError
from bot.insights.questions import survey_counts
from bot.loader.compiled import load_compiled
from bot.loader.files import encoder_wanted, give_back
from bot.log import Log, silence
from bot.ports import Address, ConversationId, Inbound, Messenger, QuickAnswers, Store, TurnCommit
from bot.service.conversations import Conversations
from bot.storage.sqlite import SqliteStore
from bot.vault import certificates
from bot.vault.keys import master_key
from bot.vault.sealing import derive

if TYPE_CHECKING:  # loaded when it is needed: a conversation in the terminal waits for no desk and no YAML
    from bot.desk.hours import Policy, Team
    from bot.service.desk import DeskLane
    from bot.service.hops import Hops
    from bot.service.program import Program, Speaker

_SETTLED = 15.0  # seconds: by then everything that a start imports and reads is there
OpenSource = Callable[[str], Awaitable[bytes | None]]


def quiet_logs(settings: Settings) -> None:
    """Logs go nowhere: a terminal conversation shows only the conversation."""
    silence()


def configure_logs(settings: Settings) -> None:
    """Logs go to standard error, one line each; library loggers are kept quiet because they may print addresses."""
    import structlog

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


def load_content_for(settings: Settings, *, late: bool = False) -> Content:
    """The content, from the cache in the data folder when no file changed since it was compiled.

    `late` reads what only a person's words need when the first come. Raises ContentError for content with problems,
    ConfigError when there is none.
    """
    root = content_root(settings)
    meant = encoder_wanted(settings.matching.semantic)
    content = load_compiled(root, settings.data_dir, _compile, late=late and not meant)
    gc.freeze()  # the content stays: no later collection walks through it, which would stop a turn for a tenth of a second
    content = replace(content, can_speak=can_speak())
    if not meant:
        return content
    from bot.loader.content import with_meaning

    return with_meaning(content, root, settings.matching.semantic, settings.data_dir / "meaning.npz")


def _compile(root: Path) -> Content:
    from bot.loader.content import load_content

    return load_content(root)


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
    master = master_of(settings)
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return SqliteStore(_sqlite_path(rest), master)
    if scheme in ("postgresql", "postgres"):
        return _postgres(url, master, settings)
    raise ConfigError(f"KAVI_STORE__URL={scheme}://…: known are sqlite:///path and postgresql://….")


def master_of(settings: Settings) -> bytes:
    """The master key of this installation. Raises ConfigError."""
    secret = settings.secrets.master_key
    return master_key(secret.reveal() if secret is not None else None, settings.data_dir)


def _postgres(url: str, master: bytes, settings: Settings) -> Store:
    try:
        from bot.storage.postgres import PostgresStore
    except ModuleNotFoundError:
        raise ConfigError("PostgreSQL needs its driver: pip install 'kavi-bot[postgres]'.") from None
    return PostgresStore(url, master, keys_url=settings.store.keys_url, direct_url=settings.store.direct_url)


def _sqlite_path(rest: str) -> Path:
    """sqlite:///relative.db and sqlite:////absolute.db, as SQLAlchemy writes them."""
    return Path(rest.removeprefix("/"))


# ------------------------------------------------------------------ running


def open_source_for(settings: Settings, store: Store) -> Callable[[str], Awaitable[bytes | None]]:
    """Reads attachments: `content:path` below the content folder, `blob:id` from the store."""
    root = content_root(settings).resolve()

    async def open_source(source: str) -> bytes | None:
        kind, _, name = source.partition(":")
        if kind == "blob":
            return await store.blob(name)
        path = (root / "dialogues" / name).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            return None
        return path.read_bytes()

    return open_source


def make_speakers(settings: Settings, store: Store, answers: QuickAnswers | None = None) -> list[Speaker]:
    """The configured messengers; `answers` serves questions from any chat where that is switched on.

    Raises ConfigError when none is configured, or one by halves.
    """
    open_source = open_source_for(settings, store)
    speakers: list[Speaker] = []
    if settings.telegram.token is not None:
        speakers.append(_telegram(settings, open_source, answers))
    if settings.matrix.homeserver or settings.matrix.user_id:
        speakers.append(_matrix(settings, store, open_source))
    for name, values in settings.messengers.items():
        speakers.append(_third_party(name, values, open_source))
    if not speakers:
        raise ConfigError(
            "No messenger is configured. Set KAVI_TELEGRAM__TOKEN, or KAVI_MATRIX__HOMESERVER, __USER_ID and __PASSWORD."
        )
    return speakers


def _matrix(settings: Settings, store: Store, open_source: OpenSource) -> Speaker:
    from bot.messengers.matrix import MatrixMessenger
    from bot.messengers.matrix import MatrixSettings as Account
    from bot.service.program import Speaker

    matrix = settings.matrix
    account = Account(
        homeserver=matrix.homeserver,
        user_id=matrix.user_id,
        store_dir=settings.data_dir / "matrix",
        password=_revealed(matrix.password),
        access_token=_revealed(matrix.access_token),
        device_id=matrix.device_id,
        store_key=store.secret("matrix-store"),
        identity_seed=store.secret("matrix-identity"),
        staff_rooms=frozenset(matrix.staff_rooms),
        staff_keys=matrix.staff_keys,
    )
    return Speaker(MatrixMessenger(account, open_source), matrix.rate, 0.0)


def _telegram(settings: Settings, open_source: OpenSource, answers: QuickAnswers | None) -> Speaker:
    from bot.messengers.telegram import TelegramMessenger
    from bot.messengers.telegram import TelegramSettings as Account
    from bot.service.program import Speaker

    telegram = settings.telegram
    account = Account(
        token=_revealed(telegram.token),
        api_url=telegram.api_url,
        webhook_url=telegram.webhook_url,
        webhook_secret=_revealed(telegram.webhook_secret),
        webhook_listen=telegram.webhook_listen,
        staff_chats=frozenset(telegram.staff_chats),
    )
    messenger = TelegramMessenger(account, open_source, answers=answers if telegram.inline else None)
    return Speaker(messenger, telegram.rate, telegram.chat_rate)


def _third_party(name: str, values: Mapping[str, str], open_source: OpenSource) -> Speaker:
    """A messenger of somebody else: an entry point in the group `kavi.messengers`, called with its settings."""
    from importlib.metadata import entry_points

    from bot.service.program import Speaker

    found = next(iter(entry_points(group="kavi.messengers", name=name)), None)
    if found is None:
        raise ConfigError(f"No installed package offers a messenger {name!r} (entry-point group kavi.messengers).")
    messenger: Messenger = found.load()(values, open_source)
    return Speaker(messenger, float(values.get("rate", "0")), float(values.get("chat_rate", "0")))


def _revealed(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""


def refuse_unsigned(content: Content, settings: Settings) -> None:
    """Raises ConfigError while a safety answer or help line is unsigned, unless that is allowed on purpose."""
    if content.unsigned and not settings.allow_unreviewed:
        raise ConfigError(
            f"{len(content.unsigned)} safety answers or help lines are not signed by a professional "
            f"(first: {content.unsigned[0]}). Have them reviewed and set reviewed_by / verified_by, or, for a trial only, "
            "set KAVI_ALLOW_UNREVIEWED=true."
        )


def make_conversations(settings: Settings, content: Content, store: Store) -> Conversations:
    """The conversations of this installation; their files are made from the content that counts at the moment."""
    conversations = Conversations(content, store, per_person=settings.limits.per_person)
    pictures = content_root(settings) / "dialogues"
    conversations.receivers = {"survey": survey_counts(secrets.randbelow, tuple(content.laender))}

    def certify(course: str, share: int, at: datetime) -> str:
        return certificates.certify(certificate_key(settings), course, share, at)

    conversations.make_file = file_maker(lambda: conversations.content, pictures, certify)
    return conversations


def certificate_key(settings: Settings) -> bytes:
    """The key that marks certificates. Raises ConfigError when there is no master key."""
    return derive(master_of(settings), certificates.PURPOSE)


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
    from bot.storage.generations import last_backup

    metrics = Metrics(
        store, lambda: datetime.now(UTC), lambda: conversations.content.version, lambda: last_backup(settings.data_dir),
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


# ------------------------------------------------------------------ the desk


async def open_desk(settings: Settings, content: Content, store: Store, speakers: Sequence[Speaker]) -> DeskLane | None:
    """The desk, when staff have a place on one of the messengers; its people's accounts are made known there.

    Raises ConfigError for hours that cannot be read.
    """
    if not settings.telegram.staff_chats and not settings.matrix.staff_rooms:
        return None
    from bot.service.desk import DeskLane
    from bot.service.desk_records import load_duty
    from bot.service.typing import TypingRelay

    trusting = {one.messenger.name: one.messenger for one in speakers if hasattr(one.messenger, "trust_staff")}

    def trust(messenger: str, user: str) -> None:
        if messenger in trusting:
            trusting[messenger].trust_staff(user)

    for member in (await load_duty(store)).members.values():
        for messenger, user in member.identities:
            trust(messenger, user)
    lane = DeskLane(store, make_policy(settings, content, speakers), trust)
    relay = TypingRelay(lane, store, {one.messenger.account: one.messenger for one in speakers})
    for one in speakers:
        if hasattr(one.messenger, "watch_typing"):
            one.messenger.watch_typing(relay.seen)
    return lane


def make_policy(settings: Settings, content: Content, speakers: Sequence[Speaker]) -> Policy:
    """What the settings and the content decide for the desk. Raises ConfigError."""
    from bot.desk.hours import Policy, make_rota

    desk = settings.desk
    wanted = desk.teams or {"": TeamSettings()}
    try:
        teams = {name: _team(settings, name, team, speakers) for name, team in wanted.items()}
        rota = make_rota(desk.on_call)
    except ValueError as error:
        raise ConfigError(f"desk: {error}.") from None
    titles = {name: flow.title.pick("", "", "plain") or name for name, flow in content.flows.items() if flow.title}
    flows = {name: title for name, title in titles.items() if "." not in name and name not in ("menu", "onboarding")}
    return Policy(
        teams=teams, rota=rota, urgent_minutes=desk.urgent_minutes, answer_minutes=desk.answer_minutes,
        offer_minutes=desk.offer_minutes, silent_hours=desk.silent_hours, reopen_days=desk.reopen_days,
        group_budget=desk.group_budget, canned=content.for_desk, flows=flows,
        topics={topic.id: topic.title for topic in content.topics.values()},
    )  # fmt: skip


def _team(settings: Settings, name: str, team: TeamSettings, speakers: Sequence[Speaker]) -> Team:
    from bot.desk.hours import Hours, Team
    from bot.desk.hours import parse as parse_hours

    accounts = {one.messenger.name: one.messenger.account for one in speakers}
    only = not settings.desk.teams
    chats = settings.telegram.staff_chats if only else team.chats
    rooms = settings.matrix.staff_rooms if only else team.rooms
    hours = Hours(parse_hours(team.hours or settings.desk.hours), holidays_of(team.land or settings.desk.land))
    return Team(
        name=name, title=team.title or name or "Beratung", hours=hours,
        chats=tuple((accounts["telegram"], chat) for chat in chats if "telegram" in accounts),
        rooms=tuple((accounts["matrix"], room) for room in rooms if "matrix" in accounts),
    )  # fmt: skip


def holidays_of(land: str) -> Callable[[date], bool]:
    """Whether a day is a public holiday in that Land ("" = only the nationwide ones). Raises ConfigError."""
    from holidays import country_holidays  # half a second, and only the desk needs it

    try:
        known = country_holidays("DE", subdiv=land or None)
    except NotImplementedError:
        raise ConfigError(f"desk.land = {land!r}: write the two letters of a Land, such as BW.") from None
    return lambda day: day in known


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


def _write_pid(settings: Settings) -> None:
    (settings.data_dir / "kavi.pid").write_text(f"{os.getpid()}\n")


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
