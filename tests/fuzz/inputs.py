"""Inputs without end, drawn from a `random.Random`: texts, answers, wire events, YAML files, records."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from functools import cache
from random import Random
from typing import Any

import yaml

from tests.crisis import CRISIS

LONGEST = 20_000  # characters; a messenger sends less
MARKS = (
    "\u0301",
    "\u0327",
    "\u0315",
    "\u200b",
    "\uff9e",
    "\u20e3",
)  # what stands on a letter, in the order of no alphabet
PIECES = [
    "ich ", "will ", "nicht ", "mehr ", "leben ", "**", "_", "[x](https://e.org)", "[", "](", "> ", "- ", "\n", "\n\n",
    "`", "<b>", "&amp;", "@room ", "\u202e", "\u200b", "\u0000", "\ufe0f\u20e3", "👩‍👩‍👧", "🏳️‍🌈", "ﷺ", "e\u0301", "ß", *MARKS,
    "İ", "ǅ", "4", "1337", "ａ", "я", "א", '{"a":', "}", "null", "1e999", "/", ">>", "31.12.", "nächsten ", "Dienstag ",
    "q1.0:3", "0" * 50, "a" * 300, " " * 200, "\xa0", "\t", "(" * 40, "xy" * 200, *CRISIS["ar"],
]  # fmt: skip
ANSWERS = [
    "morgen", "übermorgen", "heute", "in ", "vor ", "drei ", "Wochen", "nächsten ", "letzten ", "Dienstag", "am ",
    "3.12.", "31.2.", "29.02.2027", "0.0.", "99.99.9999", "2026-12-03", "1.1.1", "Januar", "märz", "½", "ein halbes ",
    "halb ", "acht", "Uhr", "8:30", "25:61", "24 Uhr", "Viertel vor ", "mittags", "12", "-7", "1,5", "1.000.000",
    "999999999", "²", "٣", "１２", "Ⅷ", "①", "1️⃣", "79104", "D-01067", "00000", "Bayern", "BaWü", "NRW", "Hessen",
    "Stammheim", "JVA ", "Tegel", "in Freiburg", "Frankfurt", "ja", "nein", "nö", "vielleicht", "👍", "❌", "erste",
    "die letzte", "Mutter", "Oma hier", " und ", ", ", "; ", "+", "&", ".", "!", "?", "\n", "nicht ", "bis ",
    "zwischen ", "Jahre", "kg", "evet", "да", "نعم",
]  # fmt: skip
GAPS = (" ", "\t", "\xa0", "\u3000", "\n", " ,", "1 ")
NAMES = ("text", "id", "type", "content", "file_size", "date", "m.relates_to", "x", "\ud800")
ODD: Sequence[Any] = (
    None, True, False, 0, -1, 1.5, 2**70, float("inf"), float("nan"), "", "x", "\ud800", "0", "²", "m.room.message",
    "a" * 3000, "\x00", [], {}, [[]], [None], [1], {"id": 1}, {"id": None}, {"id": "7", "type": "private"}, {"": {}},
)  # fmt: skip
ODD_IN_FILES = (
    *(one for one in ODD if one != "\ud800"),
    "a == ",
    "{unknown.name}",
    "2026-02-30",
    "@nobody",
    "10 minutes",
    "menu",
)


def texts(chance: Random) -> Iterator[str]:
    """Pieces in any order, letters of any script, sentences with letters changed."""
    sentences = [one for ones in CRISIS.values() for one in ones] + ["Wie oft darf ich meinen Mann in Bayern besuchen?"]
    while True:
        kind, size = chance.randrange(16), int(chance.expovariate(1 / 200)) + 1
        if kind < 5:
            yield "".join(chance.choices(PIECES, k=size // 8 + 1))[:LONGEST]
        elif kind < 10:
            codes = (*range(1, 0x250), *range(0x400, 0x530), *range(0x600, 0x6FF), 0x1F600, 0x200D, 0xFE0F, 0xD800)
            yield "".join(map(chr, chance.choices(codes, k=size)))
        elif kind == 10:
            yield _row(chance, PIECES)
        else:
            letters = list(" ".join(chance.choices(sentences, k=size // 40 + 1)))
            for _ in range(len(letters) // 8):
                letters[chance.randrange(len(letters))] = chance.choice("aeiou4137 \n.,!ßäя")
            yield "".join(letters)


def answers(chance: Random) -> Iterator[str]:
    """What looks like the answer to a question, and long rows of it."""
    while True:
        if not chance.randrange(100):  # as many bytes as all others
            yield _row(chance, chance.choice((ANSWERS, GAPS)))
            continue
        size = chance.choice((1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 6, 6, 12, 12, 40, 400))
        between = chance.choice(("", " ", " "))
        yield between.join(chance.choices(ANSWERS, k=size))[:LONGEST]


def _row(chance: Random, pieces: Sequence[str]) -> str:
    """The same few pieces again and again, mostly between letters: who begins to search anew at each takes quadratic time."""
    few = "".join(chance.choices(pieces, k=chance.choice((1, 1, 2, 3))))
    edge = chance.choice(("", "a", "1"))
    return f"{edge}{(few * chance.randrange(1, 4000))[: LONGEST - 2]}{edge}"


def changed(chance: Random, value: Any, names: Sequence[str] = NAMES, odd: Sequence[Any] = ODD) -> Any:
    """A value of dictionaries and lists with one to four of its places changed, removed, doubled or added to."""
    value = copy.deepcopy(value)
    for _ in range(chance.randrange(1, 5)):
        holders = [one for one in _holders(value) if one]
        if not holders:
            break
        holder = chance.choice(holders)
        key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        act = chance.randrange(5)
        if act == 0:
            del holder[key]
        elif act == 1 and isinstance(holder, dict):
            holder[chance.choice(names)] = copy.deepcopy(chance.choice(odd))
        elif act == 3 and isinstance(holder, dict):
            holder[chance.choice(names)] = holder.pop(key)
        elif act == 2:
            holder[key] = [copy.deepcopy(holder[key])] * chance.choice((0, 1, 2, 2, 40))
        else:
            holder[key] = copy.deepcopy(chance.choice(odd))
    return value


def _holders(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from _holders(one)


def size_of(text: str) -> int:
    """Bytes of a text."""
    return len(text.encode("utf-8", "surrogatepass"))


def size_of_json(value: Any) -> int:
    """Bytes on the wire."""
    return len(json.dumps(value))


def lines(chance: Random, rows: Sequence[Any]) -> Iterator[str]:
    """Lines of JSON: right, with changed values, cut, or no JSON at all."""
    source = texts(chance)
    while True:
        row = changed(chance, chance.choice(rows)) if chance.randrange(3) else {"text": next(source)}
        line = json.dumps(row)
        kind = chance.randrange(8)
        if kind == 0:
            line = line[: chance.randrange(len(line) + 1)]
        elif kind == 1:
            line = next(source).replace("\n", " ")
        elif kind == 2:
            line = chance.choice(("[", '{"text":')) * chance.choice((1, 3, 50, 3000))
        elif kind == 3:
            line = line.replace(":", ": " + "9" * chance.choice((3, 30, 400, 5000)), 1)
        yield line


VALUES = [
    "null", "~", "[]", "{}", "true", "no", "0", "-1", "1e999", ".nan", ".inf", "2026-99-99", "2026-02-30", "''", '"',
    "'", "|", ">", "*a", "&a [*a]", "&a {b: *a}", "!!binary x", "!!python/object:os.system x", "!!timestamp x", "!x y",
    "9" * 400, "0x1F", "1_000", "[a, [b, {c: d}]]", "{a: 1, a: 2}", "- x", "? y", "@x", "%x", "`", "\t", "{", "[" * 60,
    "x: y: z", "{unknown.name}", "{", "}}", "{a", "[x](y", "a == ", "1/0", "9**9**9**9", "x.y", "()", "'\ud800'",
    '"\\ud800"', "\x00", "\ufeff", "€" * 2000, "*" * 3, "@", "@nobody", "a|b .. c & !d", "..", "&& x", "=", "24:00",
    "09:00-08:00", "mo", "10 minutes", "1e400 days",
]  # fmt: skip


def files(chance: Random, samples: Sequence[tuple[str, str]], words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of a content file in which an editor's hand slipped one to four times, in a letter or in a value."""
    while True:
        path, text = chance.choice(samples)
        if path.endswith(".yaml") and chance.randrange(2):
            value = changed(chance, _read(text), words, ODD_IN_FILES)
            yield path, yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
            continue
        rows = text.split("\n")
        for _ in range(chance.randrange(1, 5)):
            _slip(chance, rows, words)
        text = "\n".join(rows)
        if not chance.randrange(20):
            text = text[: chance.randrange(len(text) + 1)]
        yield path, text


@cache
def _read(text: str) -> Any:
    """What a sample holds; read once, also by atheris, which begins a source anew for each input."""
    return yaml.load(text, yaml.CSafeLoader)


def _slip(chance: Random, rows: list[str], words: Sequence[str]) -> None:
    if not rows:
        rows.append("x")
    at = chance.randrange(len(rows))
    row = rows[at]
    key, colon, _ = row.partition(":")
    act = chance.randrange(9)
    if act == 0:
        del rows[at]
    elif act == 1:
        rows[at:at] = [row] * chance.choice((1, 2, 40))
    elif act == 2:
        rows[at] = " " * chance.randrange(9) + row.lstrip()
    elif act == 3 and colon:
        rows[at] = row.replace(key.strip(" -"), chance.choice(words), 1)
    elif act == 4:
        cut = chance.randrange(len(row) + 1)
        rows[at] = row[:cut] + chance.choice(VALUES) + row[cut + chance.randrange(3) :]
    elif act == 5:
        other = chance.randrange(len(rows))
        rows[at], rows[other] = rows[other], row
    elif act == 6 and "[" in row:
        rows[at] = row[: row.index("[")] + chance.choice(VALUES)
    elif act == 7:
        del rows[at : at + chance.randrange(1, 6)]
    else:
        rows[at] = f"{key}{colon or ':'} {chance.choice(VALUES)}"


def records(chance: Random, samples: Sequence[bytes]) -> Iterator[bytes]:
    """Bytes that begin or are like a real record, with bits turned, pieces cut out, moved or put in."""
    while True:
        data = bytearray(chance.choice(samples))
        for _ in range(chance.choice((0, 1, 1, 2, 5))):
            at = chance.randrange(len(data) + 1)
            act = chance.randrange(4)
            if act == 0 and at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            elif act == 1:
                del data[at : at + chance.randrange(1, 40)]
            elif act == 2:
                data[at:at] = chance.randbytes(chance.randrange(1, 40))
            else:
                data[at:] = data[at:][:8] + chance.randbytes(chance.randrange(0, 300))
        yield bytes(data)
