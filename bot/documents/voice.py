"""An answer as a voice message: eSpeak NG speaks, libsndfile writes Ogg Opus, which Telegram and Matrix play as voice.

Needs the extra `voice` (both come with their libraries, nothing is loaded from the network). Without it `can_speak` is false.
"""

from __future__ import annotations

import ctypes
import io
from functools import cache, lru_cache
from threading import Lock
from typing import Any

import numpy as np

from bot.documents.spoken import spoken

RATE = 24_000  # samples a second of the message; one of those that Opus knows
PACE = 140  # words a minute; eSpeak's own 175 is too fast for listening in a second language
PAUSE = 1  # in units of 10 ms, between words
VOICES = {"de": "de", "en": "en", "tr": "tr", "ar": "ar", "ru": "ru", "uk": "uk", "pl": "pl"}
DENSITY = 0.8  # of Opus in libsndfile: 57 kbit/s and a third of the CPU of its default (one second for a long answer)
REMEMBERED = 32  # messages, about 10 MB: the same answers are asked for again and again

_SYNCHRONOUS, _UTF8, _SPEED, _WORDGAP = 2, 1, 1, 7
_lock = Lock()  # the library is one machine with one voice


@lru_cache(maxsize=REMEMBERED)
def speak(text: str, language: str) -> bytes:
    """The text (in the content's markup) as Ogg Opus. Unknown languages are read by the German voice.

    Raises ImportError without the extra, RuntimeError when the library cannot speak.
    """
    import soundfile

    with _lock:
        machine = _machine()
        sound = machine.say(spoken(text, language), VOICES.get(language, VOICES["de"]))
    out = io.BytesIO()
    soundfile.write(out, _resampled(sound, machine.rate), RATE, format="OGG", subtype="OPUS", compression_level=DENSITY)
    return out.getvalue()


class _Machine:
    """eSpeak NG in this process. `rate` is the rate of its samples."""

    def __init__(self) -> None:
        import espeakng_loader

        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self._heard: list[np.ndarray[Any, np.dtype[np.int16]]] = []
        self._callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)(
            self._hear
        )
        folder = espeakng_loader.get_data_path().encode()
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, folder, 0))
        if self.rate <= 0:
            raise RuntimeError("eSpeak NG does not start")
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_SetParameter(_SPEED, PACE, 0)
        self._library.espeak_SetParameter(_WORDGAP, PAUSE, 0)

    def _hear(self, samples: Any, count: int, _: Any) -> int:
        if samples and count > 0:
            self._heard.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    def say(self, text: str, voice: str) -> np.ndarray[Any, np.dtype[np.int16]]:
        """The samples of a text. Raises RuntimeError when the voice is missing or nothing is heard."""
        self._heard = []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"eSpeak NG has no voice {voice!r}")
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        if not self._heard:
            raise RuntimeError("eSpeak NG said nothing")
        return np.concatenate(self._heard)


@cache
def _machine() -> _Machine:
    return _Machine()


def _resampled(sound: np.ndarray[Any, np.dtype[np.int16]], rate: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The samples at `RATE`, between -1 and 1; straight lines between them are good enough for a robot's voice."""
    at = np.arange(int(len(sound) * RATE / rate)) * (rate / RATE)
    return np.asarray(np.interp(at, np.arange(len(sound)), sound) / 32768.0, dtype=np.float32)
