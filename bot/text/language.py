"""Which language a text is written in, where its letters or several of its words leave no doubt.

A single borrowed word proves nothing, and a name neither: languages in Latin letters are told by small words, of which a
text must hold at least two that German does not have, or by one telling word ("kocam", "nasıl", "lawyer") that neither
German nor a name has; and by more of them than of German ones. Russian and Ukrainian are told in Latin letters, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from bot.text.normalise import tokens

LOOKED_AT: Final = 500  # characters from the beginning
ENOUGH: Final = 0.6  # share of the letters that must be of one script
LEAST: Final = 2  # different small words
SHARE: Final = 0.3  # of all words, that the small words must be
_ARABIC = re.compile("[\u0621-\u064a]")
_NOT_ARABIC = re.compile("[پچژگکی]")  # letters of Persian, Urdu and Kurdish, which Arabic would not help
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")
_RUSSIAN = re.compile("[ыэъёЫЭЪЁ]")
_FOREIGN = re.compile(f"{_ARABIC.pattern}|{_CYRILLIC.pattern}")
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN_TURKISH = str.maketrans("öüÖÜ", "ouOU")
_ONLY_TURKISH = re.compile("[ğışĞİŞ]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _by_word(telling: Mapping[str, frozenset[str]], *, begins: bool) -> dict[str, tuple[str, ...]]:
    """Words, or beginnings of words, with the languages that they tell."""
    found: dict[str, tuple[str, ...]] = {}
    for code, words in telling.items():
        for word in words:
            if word.endswith("*") == begins:
                said = word.removesuffix("*")
                found[said] = (*found.get(said, ()), code)
    return found


# Folded. Small words are those that are not also German ("was", "die", "man", "an", "in", "her", "ne", "var", "na", "co").
_SMALL: Final = {
    "en": _words(
        "the is are my our your how can could when does did dont you he she his him with where why what which they we have has "
        "should would please this that there for to and its cant about from not ill who whos me it of on at be if or no any "
        "get go need want know tell send bring out much many often come coming came home phone call calls "
        "money rent pay food clothes letter letters write jail prison kids children child dad daddy mum mom mommy son brother "
        "partner boyfriend visit visits visited hello thanks thank help yes sleep scared sad miss love fault allowed free"
    ),
    "tr": _words(
        "bir ve icin bu ben sen o biz siz kim nasil neden niye hangi kac kadar gibi ama degil yok var mi mu ile "
        "zaman gun gunu saat beni onu ona bana sana burada orada simdi sonra cok daha para olur olmaz olacak lazim evet hayir "
        "iyi selam baba anne kira okul eve isim"
    ),
    "pl": _words(
        "jest nie jak czy moj moja moje moim mojego mojej maz syn ile dla jego jej chce przez bardzo tez to tata taty mamy "
        "tak prosze kto z w po mam mi mnie cie ty ona bez od kiedy list zeby "
        "jutro dzis teraz tu tam czynsz pomoc dzieci dziecko listy"
    ),
    "ru": _words(
        "privet zdravstvuyte zdravstvujte spasibo pozhaluysta muzh muzha muzhu moy moya moi mne menya on ona ego ya net eto "
        "chto shto kak gde kogda kto pochemu zachem skolko raz li mozhno nelzya nuzhno nuzhen nado hochu xochu khochu mogu v k "
        "pape papu mamu papy syn doch rebenok rebenka rebenku rebenkom dengi posylku peredat pozvonit napisat stydno "
        "boyus skuchayu tyurme turme tyurma svidanie svidaniya advokat spat vernetsya domoy"
    ),
    "uk": _words(
        "pryvit dobryi dobryy den dyakuyu cholovik cholovika mii miy meni mene vin vona yogo yoho ya tak tse shcho sho yak de "
        "koly chomu skilky mozhna treba hochu khochu z v u tato tata tatu tatom syn dytyna dytyni dytynu hroshi groshi "
        "posylku tyurmi turmi viaznytsi pobachennya advokat"
    ),
}
# Words, or beginnings of words (with *), that neither German nor a name has: one of them is enough.
_TELLING: Final = {
    "en": _words(
        "lawyer* visiting husband* wife daughter* mother father inmate* prisoner* parcel* ashamed custody welfare benefits "
        "someone somebody anything anyone released"
    ),
    "tr": _words(
        "ziyaret* cezaev* hapis* hapse hapist* mahkum* tutuklu* tutukland* gorus* goerues* avukat* mektup* mektub* kocam* esim* "
        "babam* annem* oglum* kizim* cocug* cocuk* abim* kardes* nasil* nerede* nereye lutfen luetfen tesekkur* tesekkuer* "
        "istiyor* edebil* gidebil* gelebil* gorebil* goerebil* yapabil* alabilir* getirebil* goturebil* goetuerebil* gonderebil* "
        "goenderebil* yollar* yapmali* geliyor* gelecek* gelcek cikacak* cikar* ozledim oezledim korkuyorum utaniyor* uzgun* "
        "uezguen* uyuyam* kimseye kiminle anneyim babayim merhaba gunaydin guenaydin odeyem* oedeyem* yardim* miyim misin misiniz "
        "musun musunuz muyum sucum* sucu*"
    ),
    "pl": _words(
        "wiezien* areszt* odwiedz* widzeni* widzenie gdzie kiedy moge moga moze mozna mozemy prosze dziekuj* dzieki pieniadz* "
        "paczk* dlaczego ktory ktora zony meza zona corka corke corki dziecku dzieckiem chcial* jestem siedzi wyjdzie wyjdz* wroci "
        "wraca wstydz* boje teskni* smutn* napisac wyslac zadzwonic dzwonic spac wina adwokat* zasilek czynszu czesc powiedziec"
    ),
    "ru": _words(
        "privet tyurm* svidani* zdravstv* pozhaluyst* spasibo mozhno kogda pochemu rebenk* rebyonk* otpust* posylk* skuchayu"
    ),
    "uk": _words("cholovik* pobachenn* dyakuyu mozhna koly chomu skilky dytyn* tyurmi vyaznyts* viaznyts*"),
}
_WHOLE: Final = _by_word(_TELLING, begins=False)
_BEGINS: Final = _by_word(_TELLING, begins=True)
_SHORTEST: Final = min(map(len, _BEGINS))
_LONGEST: Final = max(map(len, _BEGINS))
_GERMAN: Final = _words(
    "ich du er sie es wir ihr der die das den dem und oder aber ist sind nicht nich nix mein meine meinen meinem wie was kann darf "
    "muss ein eine einen einem mit zu hab habe haben bin hat wo wann im von fuer auf auch bei ja nein wenn dass wegen noch mal mir "
    "mich ihm ihn kein keine sitzt kommt komme will gibt geht gehen bitte besuch brief geld kind kinder mann frau papa mama wer "
    "wieso warum soll gefaengnis knast haft zum zur vom am einmal schon da drin drinnen"
)
# Words of Ukrainian that Russian lacks, though none of their letters is foreign to it; folded, so й is и.
_ONLY_UKRAINIAN: Final = _words(
    "що як де коли чому хто чи та це тато тата тату татом дитина дитини дитину побачення гроші дякую треба можна мене немає винна "
    "винен одяг зараз добрии добридень з із зі вдома додому листа посилка сумую привіт так"
)
_ONLY_RUSSIAN: Final = _words(
    "что как где когда почему кто или это папа папе папу ребенок можно нужно нет есть спасибо привет"
)


def language_of(text: str) -> str:
    """The code of the language (ar, uk, ru, en, tr, pl), "" where it may be German or is not certain."""
    text = text[:LOOKED_AT]
    return _by_letters(text) or _by_words(text)


def plain_letters(text: str) -> str:
    """Turkish and Polish as many type them, without the letters that folding would not make equal: "görüş" is "gorus" and
    "wysłać" is "wyslac"; German keeps its umlauts."""
    if text.isascii():
        return text
    text = _plain_polish(text)
    return text.translate(_PLAIN_TURKISH) if _ONLY_TURKISH.search(text) or _by_words(text) == "tr" else text


def _plain_polish(text: str) -> str:
    return text.replace("ł", "l").replace("Ł", "L")  # ten times as fast as a table for the rest of the world's texts


def _by_letters(text: str) -> str:
    if text.isascii() or not _FOREIGN.search(text):
        return ""
    letters = len(_LETTER.findall(text))
    if len(_ARABIC.findall(text)) > ENOUGH * letters and not _NOT_ARABIC.search(text):
        return "ar"
    if len(_CYRILLIC.findall(text)) > ENOUGH * letters:
        return "uk" if _is_ukrainian(text) else "ru"
    return ""


def _is_ukrainian(text: str) -> bool:
    """Whether Cyrillic is Ukrainian: by letters that one of both lacks, else by small words."""
    if _UKRAINIAN.search(text) or _RUSSIAN.search(text):
        return not _RUSSIAN.search(text)
    words = frozenset(tokens(text))
    return len(words & _ONLY_UKRAINIAN) > len(words & _ONLY_RUSSIAN)


def _by_words(text: str) -> str:
    said = tokens(_plain_polish(text))
    words = frozenset(said)
    found: dict[str, int] = {}
    for word in words:
        for code, weight in _speaks_for(word):
            found[code] = found.get(code, 0) + weight
    code = max(found, key=found.__getitem__, default="")
    clear = code and found[code] >= LEAST and found[code] > len(words & _GERMAN)
    return code if clear and found[code] >= SHARE * len(said) else ""


@lru_cache(maxsize=16_384)
def _speaks_for(word: str) -> tuple[tuple[str, int], ...]:
    """The languages that a folded word speaks for, and how much: a telling word is as good as two small ones."""
    begins = (word[:length] for length in range(_SHORTEST, min(len(word), _LONGEST) + 1))
    telling = _WHOLE.get(word, ()) or next((_BEGINS[begin] for begin in begins if begin in _BEGINS), ())
    return tuple(
        (code, (word in small) + LEAST * (code in telling))
        for code, small in _SMALL.items()
        if word in small or code in telling
    )
