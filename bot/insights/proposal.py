"""What the yearly proposal (`dialogues/templates/data-proposal.yaml`) quotes of the year's numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.insights.figures import share_bars
from bot.insights.method import span
from bot.insights.release import Release
from bot.insights.wording import TITLES, Wording

QUOTED = ("obstacles", "way", "visits", "knows", "arrest", "help")


def proposal_values(known: Sequence[Release], words: Wording, year: int) -> Mapping[str, str]:
    """The values that the template takes; without numbers it says that there are none."""
    now = known[-1] if known else None
    lines = list(_lines(now, words)) if now is not None else []
    return {
        "year": str(year),
        "span": span(now) if now is not None else "",
        "figures": "\n".join(lines),
        "no_figures": "" if lines else "ja",
        "invented": "ja" if now is not None and now.invented else "",
    }


def _lines(now: Release, words: Wording) -> Iterator[str]:
    """One line for each question: its most frequent answers."""
    for question in QUOTED:
        name = f"survey.{question}"
        found = [bar for bar in share_bars(now, words, name) if bar.value is not None]
        best = sorted(found, key=lambda bar: -(bar.value or 0.0))[:3]
        if best:
            yield f"{TITLES[name]}: " + "; ".join(f"{bar.label} {bar.shown}" for bar in best)
