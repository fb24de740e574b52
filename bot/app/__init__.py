"""The composition root: from settings to running parts. The only package that names concrete messengers and stores."""

from bot.app.backed_up import backed_up, note_backed_up
from bot.app.content import load_content_for, refuse_unsigned
from bot.app.desk import holidays_of, make_policy, make_rehearsal_desk, open_desk
from bot.app.installation import (
    as_it_lies,
    begin_with,
    certificate_key,
    make_conversations,
    make_store,
    master_of,
    open_known_store,
    open_store,
)
from bot.app.logs import configure_logs, quiet_logs
from bot.app.program import claim_folder, folder_in_use, reload_content, run_program
from bot.app.speakers import make_speakers, open_source_for

__all__ = [
    "as_it_lies",
    "backed_up",
    "begin_with",
    "certificate_key",
    "claim_folder",
    "configure_logs",
    "folder_in_use",
    "holidays_of",
    "load_content_for",
    "make_conversations",
    "make_policy",
    "make_rehearsal_desk",
    "make_speakers",
    "make_store",
    "master_of",
    "note_backed_up",
    "open_desk",
    "open_known_store",
    "open_source_for",
    "open_store",
    "quiet_logs",
    "refuse_unsigned",
    "reload_content",
    "run_program",
]
