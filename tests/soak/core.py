"""50 conversations on the embedded store while the process is killed again and again.

Each conversation must end as an undisturbed run ends: the same replies in the same order, none lost, no event
processed twice. A reply that was under way at a kill may be repeated with the same key; it counts as sent twice when its
key comes again without a kill in between.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tests.servers.compiled import seed
from tests.soak import Outcome
from tests.soak.program import EARLY_KILLS, Program

Row = dict[str, Any]  # what was sent: chat, key, text, at
CHATS = 50
TEXTS = (
    "hallo", "2", "1", "ja", "1", "bayern", "überspringen", "weiß nicht", "7", "nein, ich meinte 4", "31.2.", "zurück", "5",
    "überspringen", "menü", "wie geht es dir", "gibt es das auch für babys", "stopp", "mensch", "bot", "menü", "2", "9", "1",
    "überspringen", "ja", "einfache sprache", "hilfe", "warum?", "zurück", "normale sprache",
)  # fmt: skip
SHOWN = 5  # conversations that went another way, printed
BUSY = 0.8  # seconds after a start within which it is killed: what was written is then being worked off
QUIET = 2.0  # seconds without a new reply after which everything that was written is worked off
LAST_QUIET = 8.0


async def run(kills: int, events: int) -> Outcome:
    """Plays `events` messages twice: undisturbed, and with `kills` SIGKILLs."""
    script = _script(events)
    folder = Path(tempfile.mkdtemp(prefix="kavi-soak-"))
    try:
        calm, _ = await _play(folder / "calm", script, 0)
        shaken, killed = await _play(folder / "shaken", script, kills)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return judge(calm, shaken, killed, kills, events)


def _script(events: int) -> list[str]:
    rng = random.Random(7)
    said: Counter[str] = Counter()
    lines = []
    for _ in range(events):
        chat = f"c{rng.randrange(CHATS)}"
        text = TEXTS[said[chat] % len(TEXTS)]
        lines.append(json.dumps({"chat": chat, "number": said[chat], "text": text}))
        said[chat] += 1
    return lines


async def _play(folder: Path, script: list[str], kills: int) -> tuple[list[Row], list[float]]:
    """What was sent, and when the program was killed."""
    folder.mkdir(parents=True)
    program = Program({}, folder / "log", ("-m", "tests.soak.core_program", str(folder), str(time.time())))
    await asyncio.to_thread(seed, folder)
    rng = random.Random(3)
    path = folder / "script.jsonl"
    path.write_text("")
    await program.start()
    rounds = _rounds(script)
    for number, lines in enumerate(rounds):
        with path.open("a") as file:
            file.write("".join(f"{line}\n" for line in lines))
        for _ in range(kills * number // len(rounds), kills * (number + 1) // len(rounds)):
            await _kill(program, rng)
        await program.working()
        await _until_quiet(folder, QUIET)
    await _until_quiet(folder, LAST_QUIET)
    await program.stop()
    return [json.loads(line) for line in (folder / "sent.jsonl").read_text().splitlines()], program.killed


def _rounds(script: list[str]) -> list[list[str]]:
    """At most one message of each conversation at a time: whether a timer fires before the next one must not depend on luck."""
    rounds: dict[int, list[str]] = defaultdict(list)
    for line in script:
        rounds[json.loads(line)["number"]].append(line)
    return [rounds[number] for number in sorted(rounds)]


async def _kill(program: Program, rng: random.Random) -> None:
    """Kills it at a random moment, mostly while it answers what was just written and now and then while it starts."""
    if rng.random() < EARLY_KILLS:
        await asyncio.sleep(rng.random() * 0.5)
    else:
        await program.working()
        await asyncio.sleep(rng.random() * BUSY)
    await program.kill()
    await program.start()


async def _until_quiet(folder: Path, seconds: float) -> None:
    sent, size, since = folder / "sent.jsonl", -1, 0.0
    while since < seconds:
        await asyncio.sleep(0.1)
        now = sent.stat().st_size if sent.exists() else 0
        since = 0.0 if now != size or now == 0 else since + 0.1
        size = now


def _without_reason(rows: list[Row], killed: list[float]) -> int:
    """How often a key came again although nobody had been killed since."""
    last: dict[tuple[str, str], float] = {}
    found = 0
    for row in rows:
        key = (row["chat"], row["key"])
        found += key in last and not any(last[key] <= at <= row["at"] for at in killed)
        last[key] = row["at"]
    return found


def judge(calm: list[Row], shaken: list[Row], killed: list[float], kills: int, events: int) -> Outcome:
    """What the run with kills did otherwise than the undisturbed one."""
    first: dict[str, list[str]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for row in shaken:
        if (row["chat"], row["key"]) not in seen:
            seen.add((row["chat"], row["key"]))
            first[row["chat"]].append(row["text"])
    wanted: dict[str, list[str]] = defaultdict(list)
    for row in calm:
        wanted[row["chat"]].append(row["text"])
    lost = sum(max(0, len(wanted[chat]) - len(first[chat])) for chat in wanted)
    twice = sum(max(0, len(first[chat]) - len(wanted[chat])) for chat in first)
    other = sum(first[chat] != wanted[chat] for chat in wanted)
    for chat in [chat for chat in wanted if first[chat] != wanted[chat]][:SHOWN]:
        a, b = next((pair for pair in zip(wanted[chat], first[chat], strict=False) if pair[0] != pair[1]), ("", ""))
        print(f"{chat}: instead of {a[:300]!r}: {b[:300]!r}", flush=True)
    return Outcome(
        kills=kills,
        events=events,
        lost=lost,
        processed_twice=twice,
        sent_twice=_without_reason(shaken, killed),
        two_voices=0,
        silent=other,
    )
