"""`kavi chat`: the whole program, with the terminal as its messenger.

With `--jsonl` each line is one step of a conversation on a clock that the caller moves; without, time is real.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from bot import app
from bot.cli.screen import Screen, plain_text
from bot.config import Settings, read_settings
from bot.dialogue import Session, Turn
from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.errors import ConfigError
from bot.loader.compiled import wake
from bot.messengers.terminal import TerminalMessenger, address_of
from bot.ports import Inbound, Outbound, Store
from bot.service.conversations import Conversations
from bot.service.pump import pass_time, pump
from bot.service.translation import Turned
from bot.testing.talk import button_of

ROLES = ("caregiver", "child", "parent", "staff")
COUNSELLOR = "counsellor"  # no role of a family: leads to the rehearsal of both sides
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Chat:
    """One terminal conversation on a store. `shown` collects what was said since the last question."""

    store: Store
    conversations: Conversations
    chat: str
    now: datetime
    shown: list[Outbound] = field(default_factory=list)
    turns: list[tuple[Turned, Turn]] = field(default_factory=list)
    lines: int = 0
    cleared: bool = False  # what stands on the screen is to go
    buttons: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def messenger(self) -> TerminalMessenger:
        return TerminalMessenger(self._show)

    def _show(self, outbound: Outbound) -> None:
        if outbound.deletes or outbound.deletes_theirs:
            self.cleared = True
            return
        self.shown.append(outbound)
        if outbound.choices:
            self.buttons.append((outbound.question, outbound.choices))

    async def receive(self, kind: str, text: str = "", press: tuple[str, int] | None = None) -> None:
        """Stores one event of the person and handles it."""
        self.lines += 1
        inbound = Inbound(
            address=address_of(self.chat),
            external_id=f"{self.chat}-{secrets.token_hex(6)}",
            kind=kind,  # type: ignore[arg-type]  # the callers' literals
            at=self.now,
            sender="terminal",
            text=text,
            message=f"t{self.lines}",
            press=press,
        )
        await self.store.receive([inbound], None)
        await pump(self.store, self.conversations.decide, self.messenger, self.now)

    async def advance(self, by: timedelta) -> None:
        """Lets time pass."""
        self.now = await pass_time(self.store, self.conversations.decide, self.messenger, self.now, by)

    async def session(self) -> Session:
        """The conversation's session as stored."""
        text = await self.store.session_of(self.store.conversation_id(address_of(self.chat)))
        return Session.from_text(text) if text else Session()


def run_chat(
    *,
    role: str | None = None,
    age: int | None = None,
    jsonl: bool = False,
    resume: bool = False,
    record: Path | None = None,
    register: str = "plain",
    language: str = "de",
    desk: bool = False,
) -> int:
    """Runs the command; the exit code. Raises ConfigError for options that do not fit together."""
    role, desk = (None, True) if role == COUNSELLOR else (role, desk)
    if role is not None and role not in ROLES:
        raise ConfigError(f"--as {role}: möglich sind {', '.join((*ROLES, COUNSELLOR))}.")
    if record is not None and resume:
        raise ConfigError(
            "--record und --resume passen nicht zusammen: Ein Test spielt ein Gespräch vom Anfang an. Lassen Sie --resume weg."
        )
    if desk:
        if jsonl or resume or record is not None:
            raise ConfigError("--desk ist eine Probe, von der nichts bleibt: ohne --jsonl, --resume und --record.")
        return _rehearse(
            role or ("caregiver" if age is None else "child"), age=age, register=register, language=language
        )
    if not jsonl and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("kavi chat braucht ein Terminal. Für Programme gibt es kavi chat --jsonl.")
    begun = None
    if role is not None:
        from bot.testing.script import onboarded

        begun = onboarded(role, age=age, register=register, language=language)
    settings = read_settings()
    return asyncio.run(_run(settings, begun, jsonl=jsonl, resume=resume, record=record))


def _rehearse(role: str, *, age: int | None, register: str, language: str) -> int:
    """Both sides, the family's and the counsellors'."""
    from bot.cli.rehearsing import rehearse
    from bot.testing.script import onboarded

    begun = onboarded(role, age=age, register=register, language=language)
    asyncio.run(rehearse(begun, sys.stdin, sys.stdout))
    return 0


async def _run(settings: Settings, begun: Session | None, *, jsonl: bool, resume: bool, record: Path | None) -> int:
    app.quiet_logs(settings)
    content = app.load_content_for(settings, late=True)
    async with app.open_store(settings) as store:
        pointer = settings.data_dir / "terminal-chat"
        name = pointer.read_text().strip() if resume and pointer.is_file() else secrets.token_hex(8)
        conversations = app.make_conversations(settings, content, store)
        chat = Chat(store, conversations, name, datetime.now(UTC))
        conversations.watcher = lambda turned, result: chat.turns.append((turned, result))
        if begun is not None and not resume:
            await app.begin_with(store, address_of(name), begun)
        pointer.write_text(name + "\n")  # after the store has answered: a failed start leaves the last talk to resume
        recorder = _recorder(begun, content) if record is not None else None
        if jsonl:
            await answer_lines(chat, sys.stdin, sys.stdout, recorder)
        else:
            await _terminal(chat, recorder, resume=resume, known=begun is not None)
        if recorder is not None and record is not None:
            record.write_text(recorder.yaml(), encoding="utf-8")
    return 0


def _recorder(begun: Session | None, content: Content) -> Recorder:
    from bot.testing.playing import facts_of

    return Recorder(begun, facts_of(content), speaks=content.can_speak)


# ------------------------------------------------------------------ JSON lines


async def answer_lines(chat: Chat, source: TextIO, target: TextIO, recorder: Recorder | None) -> None:
    """One line of JSON for each line; one that cannot be read gets an error, not an end."""
    for line in source:
        if not line.strip():
            continue
        chat.shown.clear()
        chat.turns.clear()
        try:
            given = json.loads(line)
            await _step(chat, given, recorder)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            print(
                json.dumps({"error": f"not a line of kavi chat --jsonl: {error}"}, ensure_ascii=False),
                file=target,
                flush=True,
            )
            continue
        if recorder is not None:
            recorder.bot(chat.turns)
        print(json.dumps(await _state(chat), ensure_ascii=False), file=target, flush=True)


async def _step(chat: Chat, given: dict[str, Any], recorder: Recorder | None) -> None:
    if not isinstance(given, dict) or not given.keys() & {"say", "press", "advance"}:
        raise ValueError('one of "say", "press", "advance" is needed')
    if "advance" in given:
        from bot.loader.fields import seconds_of

        seconds = seconds_of(str(given["advance"]))
        if seconds is None:
            raise ValueError(f'cannot read the duration {given["advance"]!r}, write "10m" or "2 days"')
        if recorder is not None:
            recorder.line("after", str(given["advance"]))
        await chat.advance(timedelta(seconds=seconds))
    if not given.keys() & {"say", "press"}:
        return
    if "advance" not in given:
        await chat.advance(MINUTE)
    if "say" in given:
        if recorder is not None:
            recorder.line("user", str(given["say"]))
        await chat.receive("text", str(given["say"]))
    else:
        question, option, label = button_of(chat.buttons, str(given["press"]))
        if recorder is not None:
            recorder.line("press", label)
        await chat.receive("press", label, (question, option))
    await chat.advance(timedelta(seconds=3))  # what waits for the rest of a burst leaves


async def _state(chat: Chat) -> dict[str, Any]:
    """The line that answers: what was said, who owns the conversation, where it stands."""
    session = await chat.session()
    frames = session.part.frames
    effects = [effect for _, result in chat.turns for effect in result.effects]
    topics = [e.source[6:] for e in effects if isinstance(e, fx.Reply) and e.source.startswith("topic:")]
    alerts = [e for e in effects if isinstance(e, fx.RaiseAlert)]
    alert = (
        {"category": alerts[-1].category, "level": alerts[-1].level, "urgency": alerts[-1].urgency} if alerts else None
    )
    if alert is None:
        looks = [e for e in effects if isinstance(e, fx.Record) and e.name == "second_look"]
        if looks:
            alert = {"category": dict(looks[-1].values)["category"], "level": "check", "urgency": "normal"}
    return {
        "messages": [{"text": plain_text(out), "choices": list(out.choices)} for out in chat.shown],
        "owner": session.owner,
        "flow": frames[-1].flow if frames else "",
        "step": frames[-1].step if frames else "",
        "topic": topics[-1] if topics else "",
        "alert": alert,
    }


# ------------------------------------------------------------------ a person at the keyboard


async def _terminal(chat: Chat, recorder: Recorder | None, *, resume: bool, known: bool) -> None:
    screen = Screen(sys.stdout)
    screen.note("Strg-D beendet das Gespräch. „Hilfe“ zeigt, was Sie jederzeit schreiben können.")
    screen.end()
    if not resume or known:
        if recorder is not None:
            recorder.line("start", True)
        await chat.receive("start")
    else:
        await chat.receive("text", "wiederholen")
    _show(screen, chat, recorder)
    reading = asyncio.create_task(
        asyncio.to_thread(wake, chat.conversations.content)
    )  # while the person reads and types
    while True:
        text = await _read_line(screen)
        if text is None:
            screen.end()
            screen.note("Bis bald. Mit „kavi chat --resume“ geht es hier weiter.")
            await reading
            return
        chat.now = max(chat.now, datetime.now(UTC))
        await chat.advance(datetime.now(UTC) - chat.now)
        if recorder is not None:
            recorder.line("user", text)
        await chat.receive("text", text)
        await chat.advance(timedelta(seconds=3))
        _show(screen, chat, recorder)


async def _read_line(screen: Screen) -> str | None:
    screen.ask("Sie")
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  # arrow keys and history while typing
    line = await asyncio.to_thread(sys.stdin.readline)
    return line.rstrip("\n") if line else None


def _show(screen: Screen, chat: Chat, recorder: Recorder | None) -> None:
    if chat.cleared:
        screen.clear()
        chat.cleared = False
    for outbound in chat.shown:
        screen.say("Kavi", plain_text(outbound))
        for number, label in enumerate(outbound.choices, 1):
            screen.offer(number, label)
        screen.end()
    if recorder is not None:
        recorder.bot(chat.turns)
    chat.shown.clear()
    chat.turns.clear()


# ------------------------------------------------------------------ recording


class Recorder:
    """Writes a conversation down as a test that passes."""

    def __init__(self, begun: Session | None, facts: frozenset[str], *, speaks: bool) -> None:
        self._facts = facts
        self._lines: list[dict[str, Any]] = []
        self._head: dict[str, Any] = {"test": "Aufgenommenes Gespräch"}
        if speaks:
            self._head["speaks"] = True
        if begun is not None:
            self._head["as"] = begun.part.audience
            if begun.part.band:
                self._head["band"] = begun.part.band
            if begun.part.register != "plain":
                self._head["register"] = begun.part.register
            if begun.language != "de":
                self._head["language"] = begun.language

    def line(self, kind: str, text: str | bool) -> None:
        """Something the person did."""
        self._lines.append({kind: text})

    def bot(self, turns: list[tuple[Turned, Turn]]) -> None:
        """What Kavi did with it."""
        self._lines += [row for _, result in turns for row in _recorded(result, self._facts)]

    def yaml(self) -> str:
        """The test file."""
        import yaml

        return str(
            yaml.safe_dump([{**self._head, "talk": self._lines}], allow_unicode=True, sort_keys=False, width=110)
        )


def _recorded(result: Turn, facts: frozenset[str]) -> Iterator[dict[str, Any]]:
    for effect in result.effects:
        if isinstance(effect, fx.Reply):
            kind, _, name = effect.source.partition(":")
            known = kind in ("text", "step", "topic", "safety")
            row: dict[str, Any] = {"bot": {kind: name} if known else effect.text}
            if effect.choices:
                row["choices"] = [choice.label for choice in effect.choices]
            yield row
    from bot.testing.playing import deeds_of, effect_name

    names = [effect_name(effect) for effect in deeds_of(result.effects, facts)]
    if names:
        yield {"does": names}
