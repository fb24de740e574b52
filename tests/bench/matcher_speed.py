"""One question against 150 to 15,000 example questions: the topic index beside rapidfuzz extractOne and tantivy.

Everything runs in one process, the methods take turns, so that a busy machine slows all of them alike. The corpus is
made of building blocks with a fixed seed; the questions are examples with slips of the pen.
"""

from __future__ import annotations

import importlib.util
import itertools
import random
import time
from collections.abc import Callable
from typing import Any

from rapidfuzz import fuzz, process, utils

from bot.matching.index import Phrase, TopicIndex

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
    return rows, [(topic, _slips(text, chance)) for topic, text in chance.choices(rows, k=QUESTIONS)]


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


Find = Callable[[str], str]


def kavi(rows: list[tuple[str, str]]) -> Find:
    """The topic index without the extra `semantic`."""
    everyone = frozenset({"caregiver"})
    index = TopicIndex.build([Phrase(topic=t, text=text, audiences=everyone) for t, text in rows], {})

    def find(text: str) -> str:
        found = index.find(text, audience="caregiver")
        return found.candidates[0].topic if found.candidates else ""

    return find


def rapidfuzz_wratio(rows: list[tuple[str, str]]) -> Find:
    """What most people write."""
    texts = [utils.default_process(text) for _, text in rows]

    def find(text: str) -> str:
        best = process.extractOne(utils.default_process(text), texts, scorer=fuzz.WRatio)
        return rows[best[2]][0] if best else ""

    return find


def tantivy_trigrams(rows: list[tuple[str, str]]) -> Find:
    """A search engine in Rust over trigrams (only when the package is installed)."""
    import tantivy  # type: ignore[import-not-found, unused-ignore]

    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=True, indexed=True)
    builder.add_text_field("text", tokenizer_name="grams")
    schema = builder.build()
    engine = tantivy.Index(schema)
    grams = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(3, 3, False)).filter(tantivy.Filter.lowercase()).build()
    engine.register_tokenizer("grams", grams)
    writer = engine.writer(15_000_000, 1)
    for number, (_, text) in enumerate(rows):
        writer.add_document(tantivy.Document(id=number, text=text))
    writer.commit()
    writer.wait_merging_threads()
    engine.reload()
    searcher = engine.searcher()

    def find(text: str) -> str:
        said = " ".join(text.lower().split())
        terms = [
            tantivy.Query.term_query(schema, "text", gram) for gram in {said[i : i + 3] for i in range(len(said) - 2)}
        ]
        query = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        hits = searcher.search(query, 1).hits
        return rows[searcher.doc(hits[0][1])["id"][0]][0] if hits else ""

    return find


METHODS: dict[str, Callable[[list[tuple[str, str]]], Find]] = {"kavi": kavi, "rapidfuzz WRatio": rapidfuzz_wratio}


def run(rest: list[str]) -> dict[str, Any]:
    """p50 and p99 in milliseconds, time to build in seconds, share of right topics, and the ratios to the peers.

    `p99 own ms` counts the processor's time for this thread alone: what others do on the machine is not in it.
    """
    methods = dict(METHODS)
    figures: dict[str, Any] = {}
    if importlib.util.find_spec("tantivy"):
        methods["tantivy trigrams"] = tantivy_trigrams
    else:
        figures["tantivy trigrams"] = "not run"
    p99: dict[tuple[str, int], float] = {}
    for size in [int(word) for word in rest if word.isdecimal()] or SIZES:
        rows, questions = corpus(size)
        finders: dict[str, Find] = {}
        times: dict[str, list[float]] = {name: [] for name in methods}
        own: dict[str, list[float]] = {name: [] for name in methods}
        right: dict[str, list[bool]] = {name: [] for name in methods}
        for name, build in methods.items():
            begun, busy = time.perf_counter(), time.process_time()
            finders[name] = build(rows)
            figures[f"{size} {name} build s"] = round(time.perf_counter() - begun, 3)
            figures[f"{size} {name} build own s"] = round(time.process_time() - busy, 3)
        for _ in range(ROUNDS):
            for name, find in finders.items():
                _round(find, questions, times[name], own[name], right[name])
        for name, taken in times.items():
            taken.sort()
            p99[name, size] = taken[int(len(taken) * 0.99)]
            figures[f"{size} {name} p50 ms"] = round(taken[len(taken) // 2], 4)
            figures[f"{size} {name} p99 ms"] = round(p99[name, size], 4)
            figures[f"{size} {name} p99 own ms"] = round(sorted(own[name])[int(len(taken) * 0.99)], 4)
            figures[f"{size} {name} right"] = round(sum(right[name]) / len(right[name]), 3)
    for (name, size), value in p99.items():
        if name != "kavi":
            figures[f"{size} p99 {name} / kavi"] = round(value / p99["kavi", size], 2)
    most = max(p99.values())
    for (name, size), value in sorted(p99.items()):
        figures[f"growth {name} {size}"] = "█" * max(1, round(60 * value / most)) + f" {value:.3f} ms"
    return figures


def _round(
    find: Find, questions: list[tuple[str, str]], times: list[float], own: list[float], right: list[bool]
) -> None:
    ends = time.perf_counter() + BUDGET
    for topic, text in questions:
        begun, busy = time.perf_counter(), time.thread_time()
        found = find(text)
        now, rest = time.perf_counter(), time.thread_time()
        times.append((now - begun) * 1000)
        own.append((rest - busy) * 1000)
        right.append(found == topic)
        if now > ends:
            break
