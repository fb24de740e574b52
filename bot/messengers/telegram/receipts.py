"""From the Bot API's errors to receipts. Their order matters: BadRequest and TimedOut are NetworkErrors here."""

from __future__ import annotations

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.errors import Revoked
from bot.messengers.telegram.transport import NotSent, ServerFault, TooMany
from bot.ports import Ambiguous, Gone, Moved, Receipt, Refused, Retry

CONNECTION_PAUSE = 2.0  # seconds
REVOKED = (
    "Telegram nimmt das Token des Bots nicht an. Fragen Sie BotFather danach (/token), setzen Sie KAVI_TELEGRAM__TOKEN "
    "und starten Sie neu."
)

_GONE = (
    "chat not found", "user not found", "peer_id_invalid", "user_is_blocked", "input_user_deactivated",
    "message thread not found", "topic_deleted", "topic_closed",
)  # fmt: skip


def receipt_of(error: TelegramError) -> Receipt:
    """What an error means for the message. Raises Revoked."""
    match error:
        case TooMany():
            return Retry(after=error.seconds)
        case ChatMigrated():
            return Moved(chat=str(error.new_chat_id))
        case Forbidden():
            return Gone(reason=error.message)
        case InvalidToken():
            raise Revoked(REVOKED) from None
        case BadRequest():
            text = error.message.casefold()
            return (
                Gone(reason=error.message) if any(words in text for words in _GONE) else Refused(reason=error.message)
            )
        case NotSent() | ServerFault(status=502 | 503):
            return Retry(after=CONNECTION_PAUSE)  # nothing behind the front door saw the request
        case NetworkError():
            return Ambiguous()  # timed out, broken, or 500: it may have been taken
        case _:
            return Refused(reason=error.message)
