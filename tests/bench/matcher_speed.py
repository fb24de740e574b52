"""One question against 150 to 15,000 example questions: the topic index beside rapidfuzz extractOne and tantivy.

The methods take turns, so that a busy machine slows all of them alike; a peer that is not installed prints "not run". The
corpus is made of building blocks with a fixed seed; the questions are examples with slips of the pen, new ones each round, so
that no cache helps. `--plot FILE.svg` draws how the slowest answers grow.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from tests.bench.peers import PYTHON

SIZES = (150, 1500, 3000, 15000)
PER_TOPIC = 18
ROUNDS = 5
QUESTIONS = 400  # a round and method, fewer when the method is slow
BUDGET = 1.0  # seconds a round and method

_THINGS = """Rechnung Bestellung Lieferung Gutschein Passwort Konto Newsletter Termin Reservierung Parkplatz Speisekarte
Kreditkarte Lastschrift Mahnung Garantie Reparatur Ersatzteil Anleitung Abonnement Adresse Ausweis Antrag Formular Bescheinigung
Sperrmüll Biotonne Hundesteuer Kindergarten Bibliothek Schwimmbad Eintrittskarte Führung Versandkosten Umtausch Impressum
Bewerbung Praktikum Gehalt Urlaub Krankmeldung Versicherung Beratung Rezept Impfung Fahrrad Anhänger Mietwagen Werkstatt
Ladestation Stromtarif Zählerstand Heizung Router Glasfaser Rufnummer""".split()  # noqa: SIM905  - easier to read than a list
_DEEDS = """beantragen ändern stornieren kündigen bezahlen verschieben herunterladen einsehen abholen zurückgeben verlängern
übertragen bestätigen prüfen ausdrucken anmelden umtauschen erstatten sperren buchen""".split()  # noqa: SIM905
_FRAMES = (
    "Wie kann ich {thing} {deed}{where}?", "Wo kann ich {thing}{where} {deed}?", "Was kostet es, {thing}{where} zu {deed}?",
    "Bis wann muss ich {thing}{where} {deed}?", "Wer hilft mir, wenn ich {thing}{where} {deed} will?",
)  # fmt: skip
_PLACES = ("", " online", " am Wochenende", " im Ausland", " ohne Anmeldung", " mit meinem Handy", " für meine Eltern",
           " nach dem Umzug", " kurzfristig", " für mein Kind", " in der App", " per Brief", " als Gast", " später")  # fmt: skip


def corpus(size: int, seed: int = 7) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(topic, example) rows, examples of one thing and deed together; and (topic, question) rows with typing slips."""
    chance = random.Random(seed)
    rows: list[tuple[str, str]] = []
    pairs = list(itertools.product(_THINGS, _DEEDS))
    chance.shuffle(pairs)
    for thing, deed in pairs:
        texts = [f.format(thing=f"meine {thing}", deed=deed, where=w) for f, w in itertools.product(_FRAMES, _PLACES)]
        rows += [(f"{thing}.{deed}", text) for text in chance.sample(texts, PER_TOPIC)]
        if len(rows) >= size:
            break
    rows = rows[:size]
    return rows, [(topic, _slips(text, chance)) for topic, text in chance.choices(rows, k=QUESTIONS * ROUNDS)]


def _slips(text: str, chance: random.Random) -> str:
    letters = list(text.lower().rstrip("?"))
    for _ in range(chance.choice((1, 1, 2, 3))):
        at = chance.randrange(1, len(letters) - 1)
        match chance.randrange(3):
            case 0:
                del letters[at]
            case 1:
                letters[at], letters[at - 1] = letters[at - 1], letters[at]
            case _:
                letters.insert(at, letters[at])
    return "".join(letters)


Rows = Sequence[tuple[str, str]]  # topic and text
Find = Callable[[str], str]


class Round(NamedTuple):
    """What a method did with some questions: milliseconds of each by the clock and of the thread's own, the topic found."""

    times: list[float]
    own: list[float]
    found: list[str]


class Method(Protocol):
    """Something that finds topics."""

    def build(self, rows: Rows) -> tuple[float, float]:
        """Takes in the examples; seconds by the clock and of the processor."""

    def play(self, texts: list[str]) -> Round:
        """As many questions as fit into the budget."""


class Here:
    """A method in this process."""

    def __init__(self, make: Callable[[Rows], Find]) -> None:
        self._make = make
        self._find: Find = lambda text: ""

    def build(self, rows: Rows) -> tuple[float, float]:
        begun, busy = time.perf_counter(), time.process_time()
        self._find = self._make(rows)
        return time.perf_counter() - begun, time.process_time() - busy

    def play(self, texts: list[str]) -> Round:
        return play(self._find, texts)


class There:
    """A peer in a process of its own, in the Python that has it. Raises OSError when it is not installed."""

    def __init__(self, module: str) -> None:
        command = [PYTHON, "-m", f"tests.bench.peers.{module}"]
        self._program = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        if not self._line():
            self.close()
            raise OSError(module)

    def _line(self) -> str:
        assert self._program.stdout is not None
        return self._program.stdout.readline()

    def _ask(self, what: object) -> Any:
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(what) + "\n")
        self._program.stdin.flush()
        return json.loads(self._line())

    def build(self, rows: Rows) -> tuple[float, float]:
        clock, own = self._ask({"build": rows})
        return clock, own

    def play(self, texts: list[str]) -> Round:
        return Round(*self._ask({"play": texts}))

    def close(self) -> None:
        """Ends the program."""
        self._program.communicate(timeout=30)


def play(find: Find, texts: Sequence[str]) -> Round:
    """Asks each question until the budget is spent."""
    ends = time.perf_counter() + BUDGET
    done = Round([], [], [])
    for text in texts:
        begun, busy = time.perf_counter(), time.thread_time()
        found = find(text)
        now, rest = time.perf_counter(), time.thread_time()
        done.times.append((now - begun) * 1000)
        done.own.append((rest - busy) * 1000)
        done.found.append(found)
        if now > ends:
            break
    return done


def kavi(rows: Rows) -> Find:
    """The topic index without the extra `semantic`."""
    from bot.matching.index import Phrase, TopicIndex

    everyone = frozenset({"caregiver"})
    index = TopicIndex.build([Phrase(topic=t, text=text, audiences=everyone) for t, text in rows], {})

    def find(text: str) -> str:
        found = index.find(text, audience="caregiver")
        return found.candidates[0].topic if found.candidates else ""

    return find


def rapidfuzz_wratio(rows: Rows) -> Find:
    """What most people write."""
    from rapidfuzz import fuzz, process, utils

    texts = [utils.default_process(text) for _, text in rows]

    def find(text: str) -> str:
        best = process.extractOne(utils.default_process(text), texts, scorer=fuzz.WRatio)
        return rows[best[2]][0] if best else ""

    return find


def _methods() -> dict[str, Method | None]:
    import rapidfuzz  # noqa: F401

    import bot.matching.index  # noqa: F401  - so that no build counts it

    try:
        tantivy: Method | None = There("matcher_tantivy")
    except OSError:
        tantivy = None
    return {"kavi": Here(kavi), "rapidfuzz WRatio": Here(rapidfuzz_wratio), "tantivy trigrams": tantivy}


def run(rest: list[str]) -> dict[str, Any]:
    """p50 and p99 in milliseconds, time to build in seconds, share of right topics, and the ratios to the peers.

    `p99 own ms` counts the processor's time for this thread alone: what others do on the machine is not in it.
    """
    parser = argparse.ArgumentParser(prog="tests.bench matcher_speed")
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--plot", type=Path, help="an SVG file for the picture of the growth")
    chosen = parser.parse_args(rest)
    methods = _methods()
    figures: dict[str, Any] = {name: "not run" for name, method in methods.items() if method is None}
    there = {name: method for name, method in methods.items() if method is not None}
    p99: dict[str, dict[int, float]] = {name: {} for name in there}
    for size in chosen.sizes:
        figures |= _measure(size, there, p99)
    for method in there.values():
        if isinstance(method, There):
            method.close()
    most = max(value for by_size in p99.values() for value in by_size.values())
    for name, by_size in p99.items():
        for size, value in by_size.items():
            figures[f"growth {name} {size}"] = "█" * max(1, round(60 * value / most)) + f" {value:.3f} ms"
    if chosen.plot is not None:
        chosen.plot.write_text(picture(p99), encoding="utf-8")
        figures["plot"] = str(chosen.plot)
    return figures


def _measure(size: int, methods: Mapping[str, Method], p99: dict[str, dict[int, float]]) -> dict[str, Any]:
    """The figures for one size; adds to `p99`."""
    figures: dict[str, Any] = {}
    rows, questions = corpus(size)
    done = {name: Round([], [], []) for name in methods}
    right: dict[str, list[bool]] = {name: [] for name in methods}
    for name, method in methods.items():
        clock, own = method.build(rows)
        figures |= {f"{size} {name} build s": round(clock, 3), f"{size} {name} build own s": round(own, 3)}
    for begin in range(0, len(questions), QUESTIONS):
        some = questions[begin : begin + QUESTIONS]
        for name, method in methods.items():
            played = method.play([text for _, text in some])
            done[name].times.extend(played.times)
            done[name].own.extend(played.own)
            right[name] += [found == topic for found, (topic, _) in zip(played.found, some, strict=False)]
    for name, played in done.items():
        p99[name][size] = _percentile(played.times, 0.99)
        figures[f"{size} {name} p50 ms"] = round(_percentile(played.times, 0.5), 4)
        figures[f"{size} {name} p99 ms"] = round(p99[name][size], 4)
        figures[f"{size} {name} p99 own ms"] = round(_percentile(played.own, 0.99), 4)
        figures[f"{size} {name} right"] = round(sum(right[name]) / len(right[name]), 3)
    for name in methods:
        if name != "kavi":
            figures[f"{size} p99 {name} / kavi"] = round(p99[name][size] / p99["kavi"][size], 2)
    return figures


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


_WIDE, _HIGH, _EDGE = 640, 400, 60  # of the picture, in its own units
_COLOURS = ("#1f6f8b", "#c8553d", "#6a994e")


def picture(p99: Mapping[str, Mapping[int, float]]) -> str:
    """The growth as SVG: examples to the right, milliseconds upwards, both in powers of ten."""
    sizes = sorted({size for by_size in p99.values() for size in by_size})
    values = [value for by_size in p99.values() for value in by_size.values()]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    left, right = math.log10(sizes[0]), max(math.log10(sizes[-1]), math.log10(sizes[0]) + 1e-9)

    def place(size: float, value: float) -> tuple[float, float]:
        across = _EDGE + (math.log10(size) - left) / (right - left) * (_WIDE - 2 * _EDGE)
        return across, _HIGH - _EDGE - (math.log10(value) - low) / max(1, high - low) * (_HIGH - 2 * _EDGE)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" font-family="sans-serif" font-size="12">'
    ]
    for power in range(low, high + 1):
        _, y = place(sizes[0], 10.0**power)
        parts.append(f'<path d="M{_EDGE} {y:.0f}H{_WIDE - _EDGE}" stroke="#ccc"/>')
        parts.append(f'<text x="{_EDGE - 8}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g} ms</text>')
    for size in sizes:
        x, _ = place(size, 10.0**low)
        parts.append(f'<text x="{x:.0f}" y="{_HIGH - _EDGE + 18}" text-anchor="middle">{size:,}</text>')
    for colour, (name, by_size) in zip(itertools.cycle(_COLOURS), p99.items(), strict=False):
        points = [place(size, value) for size, value in sorted(by_size.items())]
        line = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{points[0][0] + 6:.0f}" y="{points[0][1] - 6:.0f}" fill="{colour}">{name}: p99</text>')
    return "\n".join([*parts, "</svg>", ""])
