"""Yes and no, as people say them, also with more words and in other languages."""

from __future__ import annotations

import re

from bot.dialogue.choices import choice_of
from bot.dialogue.reading import Asking, Parsed, Reading, Rejected
from bot.text.normalise import fold

YES = frozenset({
    "ja", "jap", "jep", "jo", "joa", "jaa", "klar", "genau", "stimmt", "gern", "gerne", "ok", "okay", "sicher", "natuerlich",
    "ja bitte", "ja gern", "ja gerne", "na klar", "auf jeden fall", "richtig", "bitte", "einverstanden", "mach", "mach das",
    "doch", "ja ok", "jawohl", "passt", "yes", "y", "yep", "yeah", "sure", "evet", "tamam", "olur", "tabii", "da", "konechno",
    "да", "конечно", "хорошо", "ладно", "так", "добре", "звісно", "tak", "dobrze", "jasne", "نعم", "اي", "ايوه", "ايوا",
    "طيب", "تمام", "اكيد",
})  # fmt: skip
NO = frozenset({
    "nein", "ne", "nee", "noe", "nein nicht", "nicht", "nein danke", "danke nein", "lieber nicht", "auf keinen fall", "niemals",
    "nö", "lass", "keine", "no", "n", "nope", "hayir", "yok", "olmaz", "istemem", "net", "нет", "не надо", "не хочу", "ні",
    "не треба", "nie", "لا", "مو", "ما بدي",
})  # fmt: skip


def yes_or_no(text: str) -> bool | None:
    """True, False, or None when the text is neither."""
    said = fold(text)
    if said in YES or text.strip() in {"👍", "✅", "👌"}:
        return True
    if said in NO or text.strip() in {"👎", "❌"}:
        return False
    words = said.split()
    if words and len(words) <= 4:
        if words[0] in _YES_BEFORE:
            return True
        if words[0] in _NO_BEFORE:
            return False
    return None


# What makes a few words a yes or no when it comes first; not "ne", which begins a Turkish question ("ne zaman").
_YES_BEFORE = frozenset({"ja", "yes", "klar", "evet", "نعم", "اي", "ايوه", "да", "так", "tak"})
_NO_BEFORE = frozenset({"nein", "nee", "no", "hayir", "لا", "нет", "ні", "nie"})


_NOT_MEANT = re.compile(
    r"\b(?:nicht so (?:ge)?mein\w*|so (?:mein\w*|hab\w*) ich(?: es| das|s)? (?:gar |ja )?nicht|(?:so|das) war(?: das)? nicht gemeint"
    r"|nicht so schlimm|(?:nur|bloss) (?:ein )?(?:spass|witz|scherz)|(?:didnt|dont) mean (?:it|that)|oyle demek istemedim)\b"
)  # of a folded text
_DENYING = frozenset(
    {"nein", "ne", "nee", "noe", "no", "nope", "quatsch", "unsinn", "hayir", "yok", "нет", "ні", "nie", "لا"}
)
_HOLDING_BACK = frozenset({
    "aber", "doch", "manchmal", "vielleicht", "mehr", "noch", "trotzdem", "oft", "fast", "niemand", "keiner", "allein", "alleine",
    "but", "sometimes", "nobody", "alone", "ama", "bazen", "но", "иногда", "никого", "але", "інколи", "нікого", "ale", "czasem",
    "nikogo", "لكن", "احيانا",
})  # fmt: skip
_NE_ASKS = frozenset({"zaman", "kadar", "icin", "oldu", "olacak", "olur", "yapmaliyim", "yapabilirim", "demek"})


def denies(text: str) -> bool | None:
    """Whether a few words of one's own deny what was asked about them: "nein so meinte ich das nicht", "quatsch, bin nur müde".

    False when the no is taken back in the same breath ("nein, aber manchmal", "nein, da ist niemand"); None when no no is heard.
    """
    words = fold(text).split()
    asks = "?" in text or (words[:1] == ["ne"] and len(words) > 1 and words[1] in _NE_ASKS)  # Turkish: "ne zaman"
    if len(words) < 2 or asks or not (words[0] in _DENYING or _NOT_MEANT.search(" ".join(words))):
        return None
    return _HOLDING_BACK.isdisjoint(words)


def read_yes_no(text: str, asking: Asking) -> Reading:
    """Yes or no in words, or by the number of the button; a further option of the question by its value."""
    if text.strip() in {"1", "1.", "1)"}:
        return Parsed(True)
    if text.strip() in {"2", "2.", "2)"}:
        return Parsed(False)
    said = yes_or_no(text)
    if said is None and asking.options:
        value = choice_of(text, asking.options)
        if value not in (None, "yes", "no"):
            return Parsed(value)
        said = None if value is None else value == "yes"
    return Parsed(said) if said is not None else Rejected("yes_no")
