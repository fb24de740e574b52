"""What operators do for the exchange at the command line: `kavi institution …`."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from bot import app
from bot.config import read_settings
from bot.errors import ConfigError
from bot.exchange import Exchange, Institution
from bot.ports import Tally, week_of
from bot.service.codes import draw
from bot.service.exchange import COUNTED, load, remove_institution, set_circle, set_institution
from bot.service.exchange_rooms import audit_lines, log_broken_at
from bot.service.translation import CODE_LENGTH
from bot.vault.codes import hash_of

CODE_VALID = timedelta(days=7)
KINDS = ("Beratung", "Gruppe", "Besuchsbegleitung", "Jugendhilfe", "Straffälligenhilfe")
STEPS = {
    "offered": "begonnen", "sent": "zugestimmt", "seen": "gesehen", "accepted": "angenommen", "met": "erster Kontakt",
    "closed": "abgeschlossen", "declined": "Familie wollte nicht", "withdrawn": "zurückgenommen", "refused": "abgelehnt",
    "returned": "zurückgegeben", "expired": "ohne Antwort",
}  # fmt: skip

DONE = {
    "asked": "gefragt", "opening": "wird eingerichtet", "open": "offen", "closed": "geschlossen", "proposed": "vorgeschlagen",
    "agreed": "Familie stimmt zu", "opened": "geöffnet", "declined": "Familie möchte nicht", "unanswered": "ohne Antwort",
    "withdrawn": "Familie hat zurückgenommen", "ended": "beendet", "failed": "abgebrochen",
}  # fmt: skip


def run_add(name: str, kinds: str, laender: str, prison: str) -> int:
    """Adds an institution and prints its one-time code. Raises ConfigError for unknown kinds, Länder or prisons."""
    chosen, where = _listed(kinds), [one.upper() for one in _listed(laender)]
    wrong = [kind for kind in chosen if kind not in KINDS]
    if wrong:
        raise ConfigError(f"--kind {wrong[0]}: möglich sind {', '.join(KINDS)}.")
    content = app.load_content_for(read_settings())
    wrong = [land for land in where if land not in content.laender]
    if wrong:
        raise ConfigError(f"--land {wrong[0]}: möglich sind {', '.join(sorted(content.laender))}.")
    if prison and (content.prisons is None or content.prisons.get(prison) is None):
        raise ConfigError(
            f"--prison {prison}: steht nicht in knowledge/data/prisons.yaml; gemeint ist eine Kennung von dort."
        )
    id = f"i-{secrets.token_hex(4)}"
    asyncio.run(_set(id, name=name, kinds=chosen, laender=where, open=True, prison=prison))
    print(f"{name} ({id}) ist eingetragen.")
    return _give_code(id)


def run_code(who: str) -> int:
    """A new one-time code, for a further person of the institution."""
    found = _found(asyncio.run(_load()), who)
    return _give_code(found.id) if found is not None else 2


def run_off(who: str) -> int:
    """The institution takes no more referrals; open ones go on."""
    found = _found(asyncio.run(_load()), who)
    if found is None:
        return 2
    asyncio.run(_set(found.id, open=False))
    print(f"{found.name}: nimmt keine neuen Vermittlungen mehr an.")
    return 0


def run_remove(who: str) -> int:
    """The institution is gone with its contacts; the people in open referrals are told."""
    found = _found(asyncio.run(_load()), who)
    if found is None:
        return 2
    asyncio.run(_remove(found.id))
    print(f"{found.name} ist entfernt, mit allen Ansprechpersonen. Wer auf sie wartet, erfährt es.")
    return 0


def run_list() -> int:
    """Institutions with what they offer and how many people of theirs have joined."""
    exchange = asyncio.run(_load())
    table = Table(
        "Kennung", "Name", "Angebote", "Länder", "Chats", "nimmt an", "bestätigt", "Ansprechpersonen", "offen"
    )
    for one in sorted(exchange.institutions.values(), key=lambda one: one.name):
        live = sum(row.live and row.institution == one.id for row in exchange.referrals.values())
        confirmed = datetime.fromtimestamp(one.confirmed, UTC).strftime("%d.%m.%Y") if one.people else "noch niemand"
        table.add_row(
            one.id, one.name, ", ".join(one.kinds) or "nur Ansprechpersonen", ", ".join(one.laender) or "alle", str(len(one.people)),
            "ja" if one.open and one.kinds else "nein", confirmed, str(len(one.contacts)), str(live),
        )  # fmt: skip
    Console().print(table)
    return 0


def run_rooms() -> int:
    """Protected rooms with what was done with each, never what was written; 1 when the log's chain is broken."""
    exchange, lines, broken = asyncio.run(_rooms())
    table = Table("Raum", "Vermittlung", "Stand", "Zweck", "Ende", "Stellen", "Verlauf")
    for room in sorted(exchange.rooms.values(), key=lambda room: (not room.live, room.until)):
        names = [one.name for id in room.institutions if (one := exchange.institutions.get(id)) is not None]
        done = [
            f"{line['at'][:10]} {DONE.get(line['did'], line['did'])}" for line in lines if line["room"] == room.code
        ]
        table.add_row(
            room.code, room.referral, DONE.get(room.standing, room.standing), room.purpose,
            datetime.fromtimestamp(room.until, UTC).strftime("%d.%m.%Y"), ", ".join(names), "\n".join(done),
        )  # fmt: skip
    Console().print(table)
    print(f"{len(lines)} Zeilen, Kette {'lückenlos' if broken is None else f'UNTERBROCHEN bei Zeile {broken}'}.")
    return 0 if broken is None else 1


def run_circle(land: str, *, close: bool) -> int:
    """Opens or closes the standing room of a Land. Raises ConfigError for an unknown Land."""
    land = land.upper()
    known = app.load_content_for(read_settings()).laender
    if land not in known:
        raise ConfigError(f"{land}: möglich sind {', '.join(sorted(known))}.")
    asyncio.run(_set_circle(land, open=not close))
    if close:
        print(f"Der Raum für {known[land]} wird geschlossen und geleert.")
    else:
        print(f"Der Raum für {known[land]} wird eingerichtet.")
        print("Eingeladen wird, wer sich auf Matrix mit dem Einmalcode einer Stelle dort anmeldet.")
    return 0


def run_numbers(weeks: int) -> int:
    """How referrals went: steps by Land and kind of help, and how long the step before had lasted. For the operator only."""
    now = datetime.now(UTC)
    tallies = asyncio.run(_tallies(week_of(now - timedelta(weeks=weeks)), week_of(now)))
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for one in tallies:
        values = dict(one.values)
        counts[values["land"], values["kind"], values["step"], values["waited"]] += one.number
    table = Table("Land", "Angebot", "Schritt", "nach Tagen", "Anzahl")
    for (land, kind, step, waited), number in sorted(counts.items()):
        table.add_row(land, "offen" if kind == "any" else kind, STEPS.get(step, step), waited, str(number))
    Console().print(table)
    print("Kleine Zahlen können auf einzelne Familien deuten: Diese Tabelle ist nicht zum Weitergeben.")
    return 0


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _give_code(id: str) -> int:
    code = draw(CODE_LENGTH)
    until = datetime.now(UTC) + CODE_VALID
    asyncio.run(_set(id, code_hash=hash_of(code), code_until=until.timestamp()))
    print(f"Einmalcode, sieben Tage gültig: {code}")
    print("Eine Person der Stelle schreibt Kavi „Einrichtung anmelden“ und gibt ihn ein.")
    return 0


def _found(exchange: Exchange, who: str) -> Institution | None:
    found = [one for one in exchange.institutions.values() if who in (one.id, one.name)]
    if len(found) == 1:
        return found[0]
    print(f"{len(found)} Stellen heißen {who!r}; `kavi institution list` zeigt die Kennungen.", file=sys.stderr)
    return None


async def _load() -> Exchange:
    async with app.open_store(read_settings()) as store:
        return await load(store)


async def _set(id: str, **values: Any) -> None:
    async with app.open_store(read_settings()) as store:
        await set_institution(store, id, datetime.now(UTC), **values)


async def _rooms() -> tuple[Exchange, list[dict[str, str]], int | None]:
    async with app.open_store(read_settings()) as store:
        return await load(store), await audit_lines(store), await log_broken_at(store)


async def _set_circle(land: str, *, open: bool) -> None:
    async with app.open_store(read_settings()) as store:
        await set_circle(store, land, datetime.now(UTC), open=open)


async def _remove(id: str) -> None:
    async with app.open_store(read_settings()) as store:
        await remove_institution(store, id, datetime.now(UTC))


async def _tallies(since: str, until: str) -> list[Tally]:
    async with app.open_store(read_settings()) as store:
        return [one for one in await store.tallies(since, until) if one.name == COUNTED]
