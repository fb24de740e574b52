"""Messages that mean danger in every language that is looked after: for tests that the safety layer cannot be walked around."""

from __future__ import annotations

from collections.abc import Mapping

CRISIS: Mapping[str, tuple[str, ...]] = {
    "de": ("ich will nicht mehr leben", "mein stiefvater fasst mich an", "Papa haut mich immer"),
    "en": ("I want to kill myself", "i dont want to live anymore"),
    "tr": ("kendimi öldürmek istiyorum", "artık yaşamak istemiyorum"),
    "ar": ("أريد أن أموت", "أريد أن أقتل نفسي"),
    "ru": ("я хочу покончить с собой", "я не хочу больше жить"),
    "uk": ("я хочу померти", "я не хочу більше жити"),
}
"""Each is an alert from whoever writes it."""

SPLIT: Mapping[str, tuple[str, str]] = {
    "de": ("ich will nicht", "mehr leben"),
    "en": ("I want to", "kill myself"),
    "tr": ("kendimi", "öldürmek istiyorum"),
    "ar": ("أريد أن", "أموت"),
    "ru": ("я не хочу", "больше жить"),
    "uk": ("я не хочу", "більше жити"),
}
"""Two messages that are one alert together and none alone."""
