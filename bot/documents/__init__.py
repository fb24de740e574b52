"""Files for people: PDFs to print and calendar entries, made from the templates of the content."""

from bot.documents.maker import FileMaker, file_maker

__all__ = ["FileMaker", "file_maker"]
