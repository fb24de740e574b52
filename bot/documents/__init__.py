"""Files for people: PDFs to print and calendar entries, made from the templates of the content."""

from bot.documents.maker import FileMaker, can_speak, file_maker

__all__ = ["FileMaker", "can_speak", "file_maker"]
