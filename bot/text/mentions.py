"""What somebody mentions by the way, found by lines of words that stand near each other: "hund|katze gestorb*|tot".

A line holds groups with spaces between; of each group one word must stand within a few words of the others, in any order.
`wort*` is the beginning of a word, `*wort` its end, `!wort` must not stand there. Words are compared by their sound, as
children write them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from bot.text.sound import fold, key, sound_of, words_in

NEAR = 8  # words within which those of a line stand
BEFORE = 3  # words before them in which they may be taken back: "geträumt, dass meine Oma"
LONGEST = 400  # characters of a message in which something is mentioned; a longer one is a letter
_ANCHOR = 3  # letters of the beginning by which lines are found


class Group(Struct, frozen=True):
    """Words of which one must stand there (or none, for a `!` group), in their sound."""

    words: frozenset[str]
    beginnings: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()

    @classmethod
    def of(cls, alternatives: Iterable[str]) -> Group:
        """From words as editors write them."""
        given = tuple(alternatives)
        return cls(
            frozenset(sound_of(word) for word in given if "*" not in word),
            tuple(_open(word[:-1]) for word in given if word.endswith("*")),
            tuple(sound_of(word[1:]) for word in given if word.startswith("*")),
        )

    def has(self, word: str) -> bool:
        """Whether a word in its sound is one of them."""
        return word in self.words or word.startswith(self.beginnings) or word.endswith(self.ends)

    @property
    def anchors(self) -> frozenset[str]:
        """The first letters of all words that it may be; empty where less of a word is enough."""
        open_ended = self.ends or any(len(stem) < _ANCHOR for stem in self.beginnings)
        return frozenset() if open_ended else frozenset(word[:_ANCHOR] for word in (*self.words, *self.beginnings))

    @property
    def shortest(self) -> int:
        """Letters of its shortest word: the longer, the rarer it stands in a message."""
        return min(map(len, (*self.words, *self.beginnings)), default=0)


def _open(stem: str) -> str:
    """The sound of the beginning of a word, whose last letter is not the word's last: "gestorb" does not end in p."""
    return key(f"{fold(stem)}a")[:-1]


class Line(Struct, frozen=True):
    """One line of the kind that it stands for."""

    kind: str
    wanted: tuple[Group, ...]
    unwanted: Group

    @classmethod
    def of(cls, kind: str, line: str) -> Line:
        """From a line as editors write it."""
        groups = line.split()
        return cls(
            kind,
            tuple(Group.of(group.split("|")) for group in groups if not group.startswith("!")),
            Group.of(word for group in groups if group.startswith("!") for word in group[1:].split("|")),
        )

    def denies(self, never: Group) -> bool:
        """Whether such a word belongs to what the line says: "will nicht in die Schule"."""
        return any(never.has(word) for group in self.wanted for word in group.words)

    def places(self, words: Sequence[str]) -> frozenset[int]:
        """Where its words stand in a message; empty when they do not, or not near each other."""
        standing = []
        for group in self.wanted:
            standing.append([at for at, word in enumerate(words) if group.has(word)])
            if not standing[-1]:
                return frozenset()
        if any(self.unwanted.has(word) for word in words):
            return frozenset()
        for start in range(len(words)):
            found = [next((at for at in some if start <= at < start + NEAR), -1) for some in standing]
            if -1 not in found:
                return frozenset(found)
        return frozenset()


class Mention(Struct, frozen=True):
    """What is mentioned, and the other words of the message in their sound."""

    kind: str
    rest: tuple[str, ...]


class Mentions(Struct, frozen=True):
    """All lines; of several that fit, the first counts. `never` are words that take back what is said: "nicht", "wenn"."""

    lines: tuple[Line, ...]
    never: Group
    by_anchor: Mapping[str, tuple[int, ...]]
    anywhere: tuple[int, ...]

    @classmethod
    def of(cls, kinds: Mapping[str, Sequence[str]], never: Iterable[str] = ()) -> Mentions:
        """From the lines of each kind, in order."""
        lines = tuple(Line.of(kind, line) for kind, some in kinds.items() for line in some)
        by_anchor: dict[str, list[int]] = {}
        anywhere = []
        for number, line in enumerate(lines):
            groups = [group for group in line.wanted if group.anchors]
            if not groups:
                anywhere.append(number)
                continue
            for anchor in max(groups, key=lambda group: group.shortest).anchors:
                by_anchor.setdefault(anchor, []).append(number)
        return cls(lines, Group.of(never), {anchor: tuple(some) for anchor, some in by_anchor.items()}, tuple(anywhere))

    def find(self, text: str) -> Mention | None:
        """What a message mentions; None for nothing of it, or a long letter."""
        if not self.lines or len(text) > LONGEST:
            return None
        words = words_in(sound_of(text))
        numbers = {*self.anywhere, *(at for word in words for at in self.by_anchor.get(word[:_ANCHOR], ()))}
        for number in sorted(numbers):
            line = self.lines[number]
            places = line.places(words)
            rest = tuple([word for at, word in enumerate(words) if at not in places])
            if places and (line.denies(self.never) or not self._taken_back(words, places)):
                return Mention(line.kind, rest)
        return None

    def _taken_back(self, words: Sequence[str], places: frozenset[int]) -> bool:
        """Whether a word among or just before the found ones says that it is not so."""
        among = range(max(0, min(places) - BEFORE), min(max(places) + 2, len(words)))
        return any(self.never.has(words[at]) for at in among if at not in places)
