"""Who does what to whom, said plainly: however the words are put together, danger is never overheard.

The rules find turns of phrase; nobody who writes one thinks of every subject, verb and object. So they are multiplied here.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from bot.loader.nodes import Problems
from bot.loader.safety import load_safety
from bot.safety.triage import triage

_ROOT = Path(__file__).resolve().parents[3] / "knowledge"
_SAFETY = load_safety(_ROOT, Problems())

_MEN = ("mein papa", "mein onkel", "mein stiefvater", "der trainer", "mein opa", "mein bruder", "der freund von mama")
_ADULTS = (*_MEN, "meine mama", "meine oma", "mein pflegevater", "die erzieherin im heim")
_TOLD_OF = (
    "meine frau",
    "mein mann",
    "meine ex",
    "mein schwager",
    "ihr neuer freund",
    "die tagesmutter",
    "meine schwester",
)
_PARTNERS = ("mein mann", "mein freund", "mein ex", "er")
_NEAR = ("mein mann", "mein sohn", "meine tochter", "mein papa", "meine mama", "mein bruder", "meine freundin")

_VIOLENCE = {"violence_child", "violence_adult"}
Parts = tuple[tuple[str, ...], ...]

_CASES: dict[str, tuple[set[str], str, Parts]] = {
    "a child is hit": (
        _VIOLENCE,
        "child",
        (_ADULTS, ("schlägt mich", "haut mich immer", "hat mich gestern geschlagen", "schlägt meine kleine schwester")),
    ),
    "a child is hit by two": (
        _VIOLENCE,
        "child",
        (("meine eltern", "papa und mama", "die beiden"), ("schlagen mich", "haben uns geschlagen", "hauen meinen bruder")),
    ),
    "an adult tells of a child that is hit": (
        {"violence_child"},
        "caregiver",
        (_TOLD_OF, ("schlägt", "haut", "verprügelt", "schüttelt", "ohrfeigt"), ("unsere tochter", "die kinder", "das baby")),
    ),
    "somebody has hit their child": (
        {"violence_child"},
        "parent",
        (("ich hab", "ich habe gestern"), ("meinem sohn", "dem kleinen"), ("eine geknallt", "eine gescheuert", "eine ohrfeige gegeben")),
    ),
    "an adult is hit": (
        {"violence_adult"},
        "caregiver",
        (_PARTNERS, ("schlägt mich", "würgt mich", "bedroht mich", "droht mich umzubringen", "hat mich gestern geschlagen")),
    ),
    "a child is touched": (
        {"sexual_abuse"},
        "child",
        (_MEN, ("fasst mich unten an", "will dass ich ihn anfasse", "hat mich angefasst", "will nacktbilder von mir")),
    ),
    "somebody may kill themself": (
        {"suicide_other"},
        "caregiver",
        (_NEAR, ("will sich umbringen", "will nicht mehr leben", "hat gesagt er bringt sich um", "will sterben")),
    ),
    "somebody wants to die": (
        {"suicide_self"},
        "child",
        (("ich will", "ich möchte", "ich würde am liebsten"), ("nicht mehr leben", "tot sein", "sterben", "mich umbringen")),
    ),
    "somebody hurts themself": (
        {"self_harm"},
        "child",
        (("ich ritze mich", "ich verletze mich selbst", "ich schlage mich selbst"), ("", "immer wieder", "wenn ich traurig bin")),
    ),
    "a child is missing": (
        {"runaway"},
        "caregiver",
        (("mein sohn", "meine tochter", "das pflegekind"), ("ist weggelaufen", "ist nicht nach hause gekommen", "ist abgehauen")),
    ),
    "somebody may kill another": (
        {"threat_other", "violence_adult"},
        "caregiver",
        (("mein mann", "mein bruder", "er"), ("will den richter umbringen", "hat gesagt er ersticht den lehrer", "will mich umbringen")),
    ),
    "a life is in danger now": (
        {"emergency_now"},
        "child",
        (("mama", "oma", "mein bruder"), ("atmet nicht mehr", "wacht nicht auf", "hat einen krampfanfall", "blutet ganz stark")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("audience", ["child", "unknown", "caregiver"])
@pytest.mark.parametrize("who", ["mein papa", "meine mama", "mein stiefvater"])
def test_whom_a_parent_beats_is_a_child_also_on_a_phone_of_adults(who: str, audience: str) -> None:
    for what in ("schlägt mich", "haut mich", "hat mich gestern geschlagen"):
        found = triage(_SAFETY.rules, f"{who} {what}", audience=audience)
        assert found is not None
        assert (found.category, found.level) == ("violence_child", "alert")


def test_while_nobody_knows_who_writes_it_may_be_a_child_that_is_beaten() -> None:
    found = triage(_SAFETY.rules, "mein freund schlägt mich", audience="unknown")
    assert found is not None
    assert found.category == "violence_child"


_OTHER: dict[str, tuple[set[str], Parts]] = {
    "en hit": (
        _VIOLENCE,
        (("my dad", "my stepdad", "my uncle", "my mum"), ("hits me", "hit me yesterday", "beats me up")),
    ),
    "en die": ({"suicide_other"}, (("my mum", "my dad", "my friend"), ("wants to die", "tried to kill himself"))),
    "en life": ({"emergency_now"}, (("mum", "my brother"), ("isnt breathing", "wont wake up", "is unconscious"))),
    "tr hit": (_VIOLENCE, (("babam", "üvey babam", "amcam"), ("beni dövüyor", "dün beni dövdü", "kardeşimi dövüyor"))),
    "tr die": ({"suicide_other"}, (("kocam", "kızım", "annem"), ("ölmek istiyor", "kendini öldürmek istiyor"))),
    "tr touch": ({"sexual_abuse"}, (("amcam", "dedem", "antrenör"), ("oramı elliyor", "bana dokunuyor"))),
    "ru hit": (_VIOLENCE, (("папа", "отчим", "мама"), ("меня бьёт", "избил меня", "бьёт мою сестру"))),
    "ru die": ({"suicide_other"}, (("муж", "дочь", "мама"), ("хочет умереть", "не хочет жить"))),
    "ru life": ({"emergency_now"}, (("мама", "бабушка"), ("не дышит", "не просыпается"))),
    "uk hit": (_VIOLENCE, (("тато", "вітчим"), ("мене бʼє", "побив мене"))),
    "uk self": ({"suicide_self"}, (("хочу померти", "не хочу жити", "я вбʼю себе"),)),
    "pl hit": (_VIOLENCE, (("tata", "ojczym", "wujek"), ("mnie bije", "wczoraj mnie uderzył", "bije moją siostrę"))),
    "pl touch": ({"sexual_abuse"}, (("wujek", "trener", "dziadek"), ("mnie dotyka", "chce nagie zdjęcia"))),
    "ar hit": (_VIOLENCE, (("ابي", "عمي", "زوج امي"), ("يضربني", "ضربني امبارح"))),
    "ar self": ({"suicide_self"}, (("اريد ان اموت", "لا اريد العيش", "بدي اقتل حالي"),)),
}


@pytest.mark.parametrize("case", _OTHER)
def test_plain_words_of_other_languages_are_never_overheard(case: str) -> None:
    kinds, parts = _OTHER[case]
    found = {text: triage(_SAFETY.rules, text, audience="child") for text in map(" ".join, product(*parts))}
    assert [text for text, finding in found.items() if finding is None] == []
    assert {finding.category for finding in found.values() if finding is not None and finding.level == "alert"} <= kinds


@pytest.mark.parametrize("case", _CASES)
def test_plain_words_are_never_overheard(case: str) -> None:
    kinds, audience, parts = _CASES[case]
    told = [" ".join(filter(None, words)) for words in product(*parts)]
    found = {text: triage(_SAFETY.rules, text, audience=audience) for text in told}
    assert [text for text, finding in found.items() if finding is None] == []
    sure = [finding for finding in found.values() if finding is not None and finding.level == "alert"]
    assert len(sure) >= 0.75 * len(told), "mostly there is nothing to ask about"
    assert {finding.category for finding in sure} <= kinds


@pytest.mark.parametrize(
    "text",
    [
        "mein mann schlägt vor, dass die kinder mitkommen",
        "meine eltern haben mich nie geschlagen",
        "mein mann hat sich beim tischtennis geschlagen gegeben",
        "mein sohn ist noch nicht aus der haft nach hause gekommen",
        "oma und opa schlagen sahne für den kuchen",
        "er will dass ich ihn am samstag abhole",
        "mein vater hatte vor drei jahren einen herzinfarkt gehabt",
    ],
)
def test_the_same_words_in_peace_are_no_alarm(text: str) -> None:
    found = triage(_SAFETY.rules, text, audience="caregiver")
    assert found is None or found.level == "check"
