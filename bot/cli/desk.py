"""What admins and supervisors do at the command line: `kavi staff …`, `kavi desk`, `kavi audit`."""

from __future__ import annotations

import asyncio
import getpass
import sys
import time
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table

from bot import app
from bot.config import Settings, read_settings
from bot.desk.cards import AUDIENCES, LANGUAGES, URGENT
from bot.desk.hours import about
from bot.desk.state import ROLES, Desk, Member
from bot.errors import ConfigError
from bot.service.desk_records import load, open_cases
from bot.service.staff import audit_lines, broken_at, new_code, new_id, set_member, unknown

ROLE_NAMES = {"counsellor": "Beratung", "supervisor": "Fachleitung", "admin": "Verwaltung", "editor": "Redaktion"}
REFRESH = 2.0  # seconds


def _by() -> str:
    return f"cli:{getpass.getuser()}"


def run_staff_add(alias: str, roles: str, teams: str, languages: str, cap: int) -> int:
    """Adds somebody and prints her one-time code."""
    chosen = _listed(roles)
    wrong = unknown(chosen, ROLES)
    if wrong:
        raise ConfigError(f"--role {wrong[0]}: möglich sind {', '.join(ROLES)}.")
    id, code = new_id(), new_code()
    values = {
        "alias": alias, "roles": chosen, "teams": _listed(teams), "languages": _listed(languages), "cap": cap, "active": True,
    }  # fmt: skip
    asyncio.run(_set(read_settings(), id, code, values))
    print(f"{alias} ({id}) ist eingetragen.")
    _print_code(code)
    return 0


def run_staff_code(who: str) -> int:
    """A new one-time code, for a further account or after a change of phones."""
    return asyncio.run(_change(who, code=new_code()))


def run_staff_off(who: str) -> int:
    """She leaves the team: accounts are unlinked, her cases go back to the queue."""
    return asyncio.run(_change(who, active=False))


def run_staff_unlink(who: str) -> int:
    """All her accounts are unlinked, for instance after a phone was lost."""
    return asyncio.run(_change(who, unlink=True))


def run_staff_list() -> int:
    """Who is in the team."""
    desk = asyncio.run(_load(read_settings()))
    table = Table("Kennung", "Name für Familien", "Rollen", "Teams", "Konten", "Dienst", "Fälle")
    for member in sorted(desk.members.values(), key=lambda one: one.alias):
        roles = ", ".join(ROLE_NAMES[role] for role in member.roles)
        accounts = ", ".join(sorted({messenger for messenger, _ in member.identities})) or "noch keines"
        state = member.presence if member.active else "ausgeschieden"
        load_text = f"{desk.load(member.id)}/{member.cap}"
        table.add_row(member.id, member.alias, roles, ", ".join(member.teams) or "alle", accounts, state, load_text)
    Console().print(table)
    return 0


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _print_code(code: str) -> None:
    print(f"Einmalcode, 24 Stunden gültig: {code}")
    print(f"Im Raum des Teams (Telegram oder Matrix) schreiben: /anmelden {code}")


async def _set(settings: Settings, id: str, code: str, values: dict[str, object]) -> None:
    async with app.open_store(settings) as store:
        await set_member(store, id, _by(), datetime.now(UTC), code=code, **values)


async def _change(who: str, code: str = "", **values: object) -> int:
    async with app.open_store(read_settings()) as store:
        desk = await load(store)
        found = [one for one in desk.members.values() if who in (one.id, one.alias)]
        if len(found) != 1:
            print(f"{len(found)} Personen heißen {who!r}; `kavi staff list` zeigt die Kennungen.", file=sys.stderr)
            return 2
        await set_member(store, found[0].id, _by(), datetime.now(UTC), code=code, **values)
    print(f"{found[0].alias}: geändert.")
    if code:
        _print_code(code)
    return 0


# ------------------------------------------------------------------ the live view


def run_desk(once: bool) -> int:
    """Queue and load, live until interrupted."""
    return asyncio.run(_watch(read_settings(), once))


async def _load(settings: Settings) -> Desk:
    async with app.open_store(settings) as store:
        return await load(store)


async def _watch(settings: Settings, once: bool) -> int:
    console = Console()
    async with app.open_known_store(settings) as store:
        if once or not console.is_terminal:
            console.print(_view(await load(store), time.time()))
            return 0
        with Live(console=console, auto_refresh=False, screen=True) as live:
            while True:
                live.update(_view(await load(store), time.time()), refresh=True)
                await asyncio.sleep(REFRESH)


def _view(desk: Desk, now: float) -> Group:
    """The tables as they stand now; no texts of families."""
    cases = Table("Fall", "Eile", "Wer", "Sprache", "Land", "Bei", "Seit", "Wartet auf Antwort", title="Offene Fälle")
    for case in open_cases(desk):
        holder = desk.members.get(case.counsellor)
        since = case.queued if case.owner == "queue" else case.taken
        waits = about(now - case.family_at) if case.family_at > case.answered_at and case.owner == "counsellor" else ""
        cases.add_row(
            case.code, URGENT[case.urgency], AUDIENCES.get(case.audience, case.audience),
            LANGUAGES.get(case.language, case.language), case.land,
            "Warteschlange" if case.owner == "queue" else holder.alias if holder is not None else "?", about(now - since), waits,
        )  # fmt: skip
    people = Table("Name", "Dienst", "Fälle", "Übernommen", "Geschlossen", "Nachrichten", title="Team")
    for member in sorted(desk.members.values(), key=lambda one: (one.presence != "da", one.alias)):
        if member.active:
            people.add_row(*_load_of(desk, member))
    waited = sorted(desk.common.waits)
    middle = (
        f"Heute im Mittel gewartet: {about(waited[len(waited) // 2])}"
        if waited
        else "Heute wurde noch niemand übernommen."
    )
    return Group(cases, people, middle)


def _load_of(desk: Desk, member: Member) -> tuple[str, ...]:
    numbers = (member.taken, member.closed, member.written)
    return (member.alias, member.presence, f"{desk.load(member.id)}/{member.cap}", *map(str, numbers))


def run_audit(last: int) -> int:
    """The last lines of the log, and whether its chain is whole; 1 when it is not."""
    return asyncio.run(_audit(read_settings(), last))


async def _audit(settings: Settings, last: int) -> int:
    async with app.open_known_store(settings) as store:
        lines, broken = await audit_lines(store), await broken_at(store)
    table = Table("Nr.", "Wann", "Wer", "Was", "Fall", "Warum")
    for line in lines[-last:]:
        table.add_row(*(str(line.get(name, "")) for name in ("n", "at", "who", "did", "case", "why")))
    Console().print(table)
    print(f"{len(lines)} Zeilen, Kette {'lückenlos' if broken is None else f'UNTERBROCHEN bei Zeile {broken}'}.")
    return 0 if broken is None else 1
