"""Answers as voice messages: what is said, and that it is Ogg Opus that a messenger plays."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from bot.dialogue import effects as fx
from bot.dialogue.content import Content
from bot.documents import can_speak
from bot.documents.voice import RATE, VOICES, speak
from bot.testing.script import onboarded
from bot.testing.talk import Talk

needs_voice = pytest.mark.skipif(not can_speak(), reason="the extra `voice` is not installed")


@needs_voice
@pytest.mark.parametrize("language", sorted(VOICES))
def test_every_language_has_a_voice_and_the_message_is_ogg_opus(language: str) -> None:
    import soundfile

    words = {"ar": "مرحبا بكم", "ru": "Добрый день", "uk": "Добрий день"}.get(language, "Guten Tag")
    data = speak(words, language)
    assert data[:4] == b"OggS"
    assert b"OpusHead" in data[:64]
    sound, rate = soundfile.read(io.BytesIO(data))
    assert 0.3 < len(sound) / rate < 5
    assert abs(sound).max() > 0.05, "silence"


@needs_voice
def test_an_unknown_language_is_read_by_the_german_voice() -> None:
    other, german = len(speak("Guten Tag", "xx")), len(speak("Guten Tag", "de"))
    assert abs(other - german) < german / 5  # the voice breathes a little differently each time


@needs_voice
def test_a_long_answer_takes_longer_than_a_short_one_and_stays_small_enough_to_send() -> None:
    text = "Sie melden den Besuch bei der Anstalt an. " * 30
    data = speak(text, "de")
    assert len(speak("Ja.", "de")) < len(data) < 2_000_000
    assert RATE == 24_000


def test_the_last_answer_is_read_without_sources_and_in_the_language_it_is_written_in(content: Content) -> None:
    talk = Talk(replace(content, can_speak=True), session=onboarded("caregiver", language="tr"))
    talk.say("wie viel besuchszeit im monat in bayern")
    talk.say("vorlesen")
    (effect,) = [one for one in talk.last if isinstance(one, fx.MakeFile)]
    values = dict(effect.values)
    assert effect.template == fx.READ_ALOUD
    assert effect.name.endswith(".ogg")
    assert "Quelle" not in values["text"]
    german = talk.content.topics["visit.minimum_time"].answers["caregiver"]
    translated = talk.content.translate(german, "tr") is not None
    assert values["language"] == ("tr" if translated else "de")


def test_a_quick_exit_leaves_nothing_to_read_aloud(content: Content) -> None:
    talk = Talk(replace(content, can_speak=True), session=onboarded("child", age=11))
    talk.say("mein papa schlägt mich jeden tag")
    talk.say("schnell weg")
    talk.say("vorlesen")
    assert not [one for one in talk.last if isinstance(one, fx.MakeFile)]
