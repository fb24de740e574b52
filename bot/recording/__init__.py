"""A parent's recorded voice, pure: invited by the caregiver, agreed to by a child from 14, released by a counsellor, heard.

`decide(recordings, event)` is a function of what was and what happened; it knows no clock and no network. It writes to nobody: a
flow in the content says everything. What the parent hears never tells whether, when or by whom something was refused.
"""

from bot.recording.machine import Decision, decide
from bot.recording.state import Recording, Recordings

__all__ = ["Decision", "Recording", "Recordings", "decide"]
