"""The screens and the keyboard of `kavi chat --desk`: which line is whose, and what each side sees.

The family's screen stands at the left, the team's is moved to the right; each begins with its name, so that it can be
told apart without colours, and heard.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from typing import TextIO

from bot import app
from bot.cli.rehearsal import LINE, TEAM, TEAM_ROOM, Rehearsal, Seen, begin
from bot.cli.screen import Screen, plain_text
from bot.config import read_settings
from bot.desk.cards import MARKS
from bot.desk.hours import BERLIN, WEEKDAYS
from bot.dialogue import Session
from bot.loader.fields import seconds_of
from bot.storage.memory import MemoryStore
from bot.testing.script import onboarded
from bot.text.orders import Command, Orders

STAFF, STAGE = "#", "%"
_MEANT = re.compile(r"(?P<number>\d+)(?:\.(?P<option>\d+)\s*|\s+(?P<words>.*))?", re.DOTALL)
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d\d))?(?: uhr)?", re.IGNORECASE)
_AS = {"angehörige": "caregiver", "kind": "child", "elternteil": "parent", "fachkraft": "staff"}

ORDERS = Orders((
    Command("hilfe", "Diese Übersicht.", ("help",)),
    Command(
        "neu", "Eine weitere Familie kommt, etwa ein Kind von 14; `fremd` lernt Kavi erst kennen.", (),
        "[angehörige|kind ALTER|elternteil|fachkraft|fremd]",
    ),
    Command("familie", "Eine andere Familie schreibt; ohne Nummer: alle, und wie die Beratung sie nennt.", ("familien",), "[NUMMER]"),
    Command("als", "Jemand anderes aus dem Team schreibt.", ("wer",), "[NAME]"),
    Command("raum", "Geht in den Raum eines Falls oder in den Teamraum; ohne Wort: alle Räume.", ("räume",), "[CODE|team]"),
    Command("warten", "Die Uhr der Probe geht vor.", ("warte",), "30s|20m|2h|1 tag"),
    Command("uhr", "Stellt die Uhr der Probe vor, etwa auf den Abend; ohne Zeit: wie spät es ist.", (), "[STUNDE:MINUTE]"),
    Command("ende", "Beendet die Probe; nichts davon bleibt.", ("exit", "quit")),
))  # fmt: skip

INTRODUCTION = """Probe für die Beratung: Sie sind beide Seiten. Niemand sonst liest mit, und nichts davon bleibt.
Eine Zeile ohne Zeichen schreibt die Familie. Eine Zeile, die mit # beginnt, schreibt die Beratung.
Mit % steuern Sie die Probe: %hilfe zeigt wie.
Zum Anfang: „Ich möchte mit einem Menschen schreiben“, dann „# da“ und „# nehmen“."""

HELP = """Ohne Zeichen schreibt die Familie. So schreibt die Beratung:
# TEXT – im Raum, in dem sie gerade ist: Befehle (# nehmen), Worte für die Familie (# >> Guten Tag), sonst eine Notiz
#12 TEXT – antwortet auf die Nachricht (12)
#12.1 – drückt darunter den Knopf 1
#12 👍 – setzt darunter ein Zeichen
Die Befehle der Beratung zeigt # /hilfe. So steuern Sie die Probe:"""


@dataclass(slots=True)
class Stage:
    """A rehearsal in front of somebody: reads lines, shows what came of them."""

    rehearsal: Rehearsal
    screen: Screen
    team_screen: Screen
    over: bool = False

    # ------------------------------------------------------------------ lines in

    @property
    def prompt(self) -> str:
        """Who writes with and without the sign."""
        now = self.rehearsal
        return f"{now.family} / {STAFF} {now.counsellor}, {now.room_name(now.room)}"

    async def take(self, line: str) -> None:
        """One line of whoever sits there, and all that follows from it, shown."""
        line = line.strip()
        if line.startswith(STAFF):
            await self._staff(line[len(STAFF) :])
        elif line.startswith(STAGE):
            await self._order(line[len(STAGE) :])
        elif line:
            await self.rehearsal.family_says(line)
        else:
            await self.rehearsal.wait(LINE)
        self.show()

    async def _staff(self, text: str) -> None:
        meant = _MEANT.fullmatch(text) if text[:1].isdecimal() else None
        if not text.strip():
            self.screen.note(f"Hinter {STAFF} fehlen die Worte der Beratung, etwa „{STAFF} /hilfe“.")
        elif meant is None:
            await self.rehearsal.staff_says(text.strip())
        else:
            await self._staff_answers(int(meant["number"]), meant["option"] or "", (meant["words"] or "").strip())

    async def _staff_answers(self, number: int, option: str, words: str) -> None:
        known = self.rehearsal.numbered.get(number)
        choices = known[1].choices if known is not None else ()
        if known is None:
            self.screen.note(f"Eine Nachricht ({number}) gibt es bei der Beratung nicht.")
        elif option and not 0 < int(option) <= len(choices):
            self.screen.note(f"Unter ({number}) gibt es keinen Knopf {option}.")
        elif option:
            await self.rehearsal.staff_presses(number, int(option) - 1)
        elif not words:
            self.screen.note(f"Was antwortet die Beratung auf ({number})? „{STAFF}{number} TEXT“")
        elif not any(sign.isalnum() for sign in words) and words[0] > "\u00ff":
            await self.rehearsal.staff_reacts(number, words)
        else:
            await self.rehearsal.staff_says(words, number)

    async def _order(self, text: str) -> None:
        order = ORDERS.read(f"/{text}")
        if order is None or order.command is None:
            near = " oder ".join(f"{STAGE}{name}" for name in order.near) if order is not None else ""
            self.screen.note(f"Das kenne ich nicht.{f' Meinten Sie {near}?' if near else ''} Alles zeigt {STAGE}hilfe.")
            return
        await _DO[order.command.name](self, order.rest)

    # ------------------------------------------------------------------ screens out

    def show(self) -> None:
        """Everything that appeared, in its order; what one chat shows in a row has one heading."""
        seen, self.rehearsal.seen = _last_marks(self.rehearsal.seen), []
        for (chat, team), rows in groupby(seen, lambda one: (one.chat, one.outbound.audience == "staff")):
            screen = self.team_screen if team else self.screen
            texts = [(one, self._text(one)) for one in rows]
            if not any(text for _, text in texts):
                continue
            screen.head(self.rehearsal.room_name(chat) if team else chat)
            for one, text in texts:
                if text:
                    self._message(screen, one, text)
            screen.end()

    def _message(self, screen: Screen, one: Seen, text: str) -> None:
        if one.outbound.reacts is not None or one.outbound.deletes:
            screen.line(text)
            return
        screen.say(f"({one.number})" if one.number else "Kavi", text)
        prefix = f"{one.number}." if one.number else ""
        for number, label in enumerate(one.outbound.choices if not one.outbound.edits else (), 1):
            screen.offer(f"{prefix}{number}", label)

    def _text(self, one: Seen) -> str:
        """What is to be read; "" when nothing changed."""
        outbound = one.outbound
        if outbound.reacts is not None:
            message, emoji = outbound.reacts
            means = f" {MARKS[emoji]}" if emoji in MARKS else ""
            return f"{emoji}{means}: „{_short(self.rehearsal.written.get(message, ''))}“"
        if outbound.deletes:
            return _gone([self.rehearsal.number_of(key) for key in outbound.deletes])
        before = self.rehearsal.settle(one)
        if before is None or not outbound.edits:
            return f"(geändert) {plain_text(outbound)}" if outbound.edits else plain_text(outbound)
        known = plain_text(before).splitlines()
        fresh = [line for line in plain_text(outbound).splitlines() if line not in known]
        return "steht jetzt so: " + "\n".join(fresh) if fresh else ""


def _gone(numbers: list[int]) -> str:
    known = [f"({number})" for number in numbers if number]
    return f"Gelöscht: {', '.join(known)}" if known else "Eine Nachricht ist hier gelöscht."


def _last_marks(seen: list[Seen]) -> list[Seen]:
    """Without marks that were replaced at once: on the way, then arrived."""
    last = {one.outbound.reacts[0]: index for index, one in enumerate(seen) if one.outbound.reacts is not None}
    return [
        one for index, one in enumerate(seen) if one.outbound.reacts is None or last[one.outbound.reacts[0]] == index
    ]


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


# ------------------------------------------------------------------ the rehearsal's own orders


async def _help(stage: Stage, rest: str) -> None:
    stage.screen.note(HELP)
    stage.screen.note(ORDERS.help().replace("`/", STAGE).replace("`", ""))
    stage.screen.end()


async def _new(stage: Stage, rest: str) -> None:
    words = rest.casefold().split()
    role = _AS.get(words[0]) if words else "caregiver"
    if role is None and words[0] != "fremd":
        stage.screen.note(f"Wer kommt? {', '.join(_AS)} oder fremd.")
        return
    age = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 14
    await stage.rehearsal.family_comes(onboarded(role, age=age if role == "child" else None) if role else None)


async def _family(stage: Stage, rest: str) -> None:
    now = stage.rehearsal
    name = f"Familie {rest.strip()}"
    if name in now.families:
        now.family = name
        return
    desk = await now.books()
    for family in now.families:
        case = now.case_of(desk, family)
        known = f"für die Beratung {case.alias}, Fall {case.code}" if case is not None else "noch kein Fall"
        stage.screen.note(f"{family}: {known}")


async def _as(stage: Stage, rest: str) -> None:
    if not stage.rehearsal.turns_to(rest):
        stage.screen.note(f"Im Team sind: {', '.join(TEAM)}.")


async def _room(stage: Stage, rest: str) -> None:
    if not await stage.rehearsal.goes_to(rest):
        rooms = [TEAM_ROOM, *sorted(map(stage.rehearsal.room_name, stage.rehearsal.messenger.rooms))]
        stage.screen.note(f"Räume: {', '.join(rooms)}.")


async def _wait(stage: Stage, rest: str) -> None:
    seconds = seconds_of(rest)
    if seconds is None or seconds > timedelta(days=31).total_seconds():
        stage.screen.note(f"So geht es: {STAGE}warten 20m, {STAGE}warten 2h, {STAGE}warten 1 tag")
        return
    await stage.rehearsal.wait(timedelta(seconds=seconds))
    _tell_time(stage)


async def _clock(stage: Stage, rest: str) -> None:
    found = _TIME.fullmatch(rest.strip())
    if rest and (found is None or int(found[1]) > 23 or int(found[2] or 0) > 59):
        stage.screen.note(f"So geht es: {STAGE}uhr 22:00")
        return
    if found is not None:
        now = stage.rehearsal.now.astimezone(BERLIN)
        then = now.replace(hour=int(found[1]), minute=int(found[2] or 0), second=0, microsecond=0)
        then = then if then > now else then + timedelta(days=1)
        await stage.rehearsal.wait(then.astimezone(UTC) - stage.rehearsal.now)
    _tell_time(stage)


def _tell_time(stage: Stage) -> None:
    stage.show()
    here = stage.rehearsal.now.astimezone(BERLIN)
    reads = stage.rehearsal.desk.policy.team("").hours.closes(stage.rehearsal.now) is not None
    stage.screen.note(
        f"Es ist {WEEKDAYS[here.weekday()]}, {here:%H:%M} Uhr; die Beratung hat {'offen' if reads else 'geschlossen'}."
    )


async def _end(stage: Stage, rest: str) -> None:
    stage.over = True


_DO: Mapping[str, Callable[[Stage, str], Awaitable[None]]] = MappingProxyType({
    "hilfe": _help, "neu": _new, "familie": _family, "als": _as, "raum": _room, "warten": _wait, "uhr": _clock, "ende": _end,
})  # fmt: skip


# ------------------------------------------------------------------ the command


async def rehearse(begun: Session | None, source: TextIO, target: TextIO) -> None:
    """Reads lines until they end; where nobody types them they are written down too, so that it can be read."""
    settings = read_settings()
    app.quiet_logs(settings)
    screen = Screen(target)
    screen.note(INTRODUCTION)  # to be read while the content is
    screen.end()
    content = app.load_content_for(settings)
    store = MemoryStore()  # of a rehearsal nothing stays
    stage = Stage(await begin(settings, content, store, datetime.now(UTC)), screen, Screen(target, indent=4))
    _tell_time(stage)
    stage.screen.end()
    await stage.rehearsal.family_comes(begun)
    stage.show()
    typed = source.isatty()
    while not stage.over:
        line = await _read(stage, source, typed)
        if line is None:
            break
        await stage.take(line)
    stage.screen.note("Ende der Probe. Nichts davon ist geblieben.")


async def _read(stage: Stage, source: TextIO, typed: bool) -> str | None:
    stage.screen.ask(stage.prompt)
    if typed:
        with suppress(ImportError):
            import readline  # noqa: F401  # arrow keys and history while typing
    line = await asyncio.to_thread(source.readline)
    if not typed:
        stage.screen.echo(line.rstrip("\n"))
    return line.rstrip("\n") if line else None
