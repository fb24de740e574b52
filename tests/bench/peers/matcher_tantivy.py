"""tantivy, a search engine in Rust, over trigrams of example questions.

A line in, a line out: `{"build": [[topic, text], …]}` gives seconds by the clock and of the processor; `{"play": [text, …]}` what
`matcher_speed.play` measures.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import tantivy

from tests.bench.matcher_speed import play


def trigrams(rows: Sequence[tuple[str, str]]) -> Callable[[str], str]:
    """Finds the topic of the example that shares most with a question, each trigram as rare as it is (BM25)."""
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


def main() -> None:
    """Answers until the input ends."""
    print("ready", flush=True)
    find: Callable[[str], str] = lambda text: ""  # noqa: E731  - before anything is built
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        if "build" in asked:
            begun, busy = time.perf_counter(), time.process_time()
            find = trigrams(asked["build"])
            print(json.dumps([time.perf_counter() - begun, time.process_time() - busy]), flush=True)
        else:
            print(json.dumps(play(find, asked["play"])), flush=True)


if __name__ == "__main__":
    main()
