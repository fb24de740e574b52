"""No reader of what comes from outside breaks or dawdles, whatever comes: 10 MB with KAVI_TEST_LONG, else a sample."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dialogue.content import Content
from tests.crisis import CRISIS
from tests.properties.readers import of_bytes, of_text

WHOLE = 10_000_000 if os.environ.get("KAVI_TEST_LONG") else 80_000  # characters and bytes, shared by all readers
SLOW = 0.5  # seconds of CPU for one input of at most 20,000 characters
PIECES = [
    "ich ", "will ", "nicht ", "mehr ", "leben ", "**", "_", "[x](https://e.org)", "[", "](", "> ", "- ", "\n", "\n\n", "`", "<b>",
    "&amp;", "@room ", "\u202e", "\u200b", "\u0000", "\ufe0f\u20e3", "👩‍👩‍👧", "🏳️‍🌈", "ﷺ", "e\u0301", "ß", "İ", "ǅ", "4", "1337", "ａ",
    "я", "א", '{"a":', "}", "null", "1e999", "/", ">>", "31.12.", "nächsten ", "Dienstag ", "q1.0:3", "0" * 50, "a" * 300, " " * 200,
    "(" * 40, "xy" * 200, *CRISIS["ar"],
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=400), st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.tuples(st.sampled_from(PIECES), st.integers(1, 4000)).map(lambda row: (row[0] * row[1])[:20_000]),
)  # fmt: skip
MAGIC = [
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"RIFF0000WEBP",
    b"%PDF-",
    b"OggS",
    b"\x01" * 13,
    b"\x01",
    b"",
]


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
@given(text=TEXTS)
def test_no_reader_breaks_or_dawdles(content: Content, text: str) -> None:
    for name, read in of_text(content).items():
        timed(name, read, text)


@settings(max_examples=200, deadline=None)
@given(head=st.sampled_from(MAGIC), data=st.binary(max_size=3000))
def test_no_file_breaks_its_reader(head: bytes, data: bytes) -> None:
    for name, read in of_bytes().items():
        timed(name, read, head + data)


def test_megabytes_of_random_texts(content: Content) -> None:
    readers, done = of_text(content), 0
    for text in texts(random.Random(int(os.environ.get("KAVI_TEST_SEED", "11")))):
        for name, read in readers.items():
            timed(name, read, text)
        done += len(text.encode("utf-8", "surrogatepass"))
        if done >= WHOLE:
            return


def texts(chance: random.Random) -> Iterator[str]:
    """Texts without end: pieces in any order, letters of any script, sentences with letters changed."""
    sentences = [one for ones in CRISIS.values() for one in ones] + ["Wie oft darf ich meinen Mann in Bayern besuchen?"]
    while True:
        kind, size = chance.randrange(3), int(chance.expovariate(1 / 300)) + 1
        if kind == 0:
            yield "".join(chance.choices(PIECES, k=size // 4 + 1))[:20_000]
        elif kind == 1:
            codes = chance.choices(
                (*range(1, 0x250), *range(0x400, 0x530), *range(0x600, 0x6FF), 0x1F600, 0x200D, 0xFE0F), k=size
            )
            yield "".join(map(chr, codes))
        else:
            letters = list(" ".join(chance.choices(sentences, k=size // 40 + 1)))
            for _ in range(len(letters) // 8):
                letters[chance.randrange(len(letters))] = chance.choice("aeiou4137 \n.,!ßäя")
            yield "".join(letters)


def timed(name: str, read: Callable[..., object], value: object) -> None:
    """Calls a reader; it may not raise and not take long."""
    began = time.process_time()
    read(value)
    taken = time.process_time() - began
    assert taken < SLOW, f"{name}: {taken:.2f} s"
