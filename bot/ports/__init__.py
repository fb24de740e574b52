"""What the bot needs from the outside: messengers and a store. Domain words only; no SQL, no wire terms.

Flow of one message: messenger -> `Store.receive` -> lane (`Store.claim`) -> `turn()` -> `Store.commit` -> outbox
(`Store.due_outbox`) -> `Messenger.send` -> `Store.settle`. All names are imported from here; the modules only sort them:
`addresses` (where), `messages` (in and out), `messenger`, `commit` (what a turn leaves), `tallies`, `store`.
"""

from bot.ports.addresses import (
    DESK,
    EXCHANGE,
    RECORDINGS,
    VAULT,
    Address,
    Audience,
    ConversationId,
    address_of,
    place_of,
    vault_of,
)
from bot.ports.commit import Alert, Document, NewBlob, NewFact, NewOutbox, NewTimer, TurnCommit, refuse_leaks
from bot.ports.messages import Cursor, Inbound, InboundKind, MediaFile, Outbound
from bot.ports.messenger import (
    Ambiguous,
    Capabilities,
    Gone,
    Messenger,
    Moved,
    QuickAnswer,
    QuickAnswers,
    Receipt,
    Refused,
    Retry,
    Sent,
    Sink,
)
from bot.ports.store import InboxRow, Kept, Lane, OutboxRow, OutboxState, Store, delivery_report
from bot.ports.tallies import Tally, together, week_of

__all__ = [
    "DESK", "EXCHANGE", "RECORDINGS", "VAULT", "Address", "Alert", "Ambiguous", "Audience", "Capabilities",
    "ConversationId", "Cursor", "Document", "Gone", "Inbound", "InboundKind", "InboxRow", "Kept", "Lane",
    "MediaFile", "Messenger", "Moved", "NewBlob", "NewFact", "NewOutbox", "NewTimer", "Outbound", "OutboxRow",
    "OutboxState", "QuickAnswer", "QuickAnswers", "Receipt", "Refused", "Retry", "Sent", "Sink", "Store", "Tally",
    "TurnCommit", "address_of", "delivery_report", "place_of", "refuse_leaks", "together", "vault_of", "week_of",
]  # fmt: skip
