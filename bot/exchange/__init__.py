"""The exchange between justice and youth welfare, pure: a professional refers, the family consents, a service accepts.

Nobody learns who the family is: the service reads the need in plain words and gives a way to be reached, the family decides
whether to use it. Institutions name contact persons (`contacts`), talk about a family that agreed in a protected room (`rooms`),
and about everything else in the standing room of their Land (`circles`).

`decide(exchange, event, ...)` is a function of what was and what happened; it knows no clock and no network.
"""

from bot.exchange.machine import Decision, decide
from bot.exchange.state import Exchange, Institution, Referral

__all__ = ["Decision", "Exchange", "Institution", "Referral", "decide"]
