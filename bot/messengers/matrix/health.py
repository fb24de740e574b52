"""What `kavi doctor` shows for Matrix: each check is "ok" or a sentence that says what to do."""

from __future__ import annotations

import time

from bot.errors import MessengerError
from bot.messengers.matrix.homeserver import CLIENT, Homeserver
from bot.messengers.matrix.machine import Machine
from bot.messengers.matrix.settings import MatrixSettings
from bot.messengers.matrix.sync import SyncLoop
from bot.messengers.matrix.trust import Trust

SLOW_SYNC = 180.0  # seconds without a successful sync after which something is wrong
CLOCK_TOLERANCE = 30.0  # seconds
NEEDED_VERSION = (1, 11)  # of the specification: media for those who are logged in only


async def ask_server(server: Homeserver, settings: MatrixSettings) -> dict[str, str]:
    """Account, version and upload limit, asked now. Never raises."""
    found: dict[str, str] = {}
    for name, check in (("account", _account), ("server", _version), ("uploads", _uploads)):
        try:
            found[name] = await check(server, settings)
        except MessengerError as error:
            found[name] = str(error)
    offset = server.clock_offset
    slow = offset is not None and abs(offset) > CLOCK_TOLERANCE
    found["clock"] = (
        f"Die Uhr weicht um {offset:.0f} s von der des Servers ab. Schalten Sie den Zeitabgleich (NTP) ein."
        if slow
        else "ok"
    )
    return found


async def _account(server: Homeserver, settings: MatrixSettings) -> str:
    await server.call("GET", f"{CLIENT}/account/whoami")
    return "ok"


async def _version(server: Homeserver, settings: MatrixSettings) -> str:
    known = (await server.call("GET", "/_matrix/client/versions")).get("versions", [])
    numbers = [tuple(map(int, one[1:].split("."))) for one in known if isinstance(one, str) and one[1:2] in "123456789"]
    if max(numbers, default=(0, 0)) >= NEEDED_VERSION:
        return "ok"
    return "Der Homeserver ist zu alt: Bilder lassen sich nicht holen. Er muss Matrix 1.11 kennen."


async def _uploads(server: Homeserver, settings: MatrixSettings) -> str:
    limit = (await server.call("GET", "/_matrix/client/v1/media/config")).get("m.upload.size")
    if not isinstance(limit, int) or limit >= settings.upload_cap:
        return "ok"
    return f"Der Homeserver nimmt nur Dateien bis {limit // 1_000_000} MB; größere lehnt er ab."


def look_at(machine: Machine, trust: Trust, stream: SyncLoop, signing: str, settings: MatrixSettings) -> dict[str, str]:
    """Encryption, counsellors, stream and token, as known from running."""
    found = {"encryption": signing or "ok"}
    if machine.withheld and not signing:
        found["encryption"] = f"{machine.withheld} Nachrichten kamen ohne ihre Schlüssel; die Menschen wissen es."
    if trust.changed:
        found["staff"] = (
            f"{len(trust.changed)} aus der Beratung haben eine neue Identität: Schlüssel vergleichen, matrix.staff_keys erneuern."
        )
    silent = 0.0 if stream.last_success is None else time.monotonic() - stream.last_success
    if silent > SLOW_SYNC or stream.failures > 1:
        found["stream"] = (
            f"Die letzten {stream.failures} Abrufe misslangen. Läuft der Homeserver, ist das Token seines?"
        )
    found["refresh"] = "ok"
    if not settings.password:
        found["refresh"] = (
            "Ein Token, das abläuft, erneuert sich nur mit matrix.password; nehmen Sie eines, das bleibt."
        )
    return found
