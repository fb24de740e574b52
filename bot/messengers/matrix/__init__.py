"""Matrix through matrix-nio's crypto machine, with a sync loop, cross-signing and HTTP client of our own.

Importing this package is cheap; nio and aiohttp are loaded when `MatrixMessenger` starts.
"""

from bot.messengers.matrix.adapter import MatrixMessenger
from bot.messengers.matrix.settings import MatrixSettings

__all__ = ["MatrixMessenger", "MatrixSettings"]
