"""What a conversation was about, in a few of its own sentences. Nothing here touches the database."""

from analysis.summaries.extracting import Extract, Line, extract

__all__ = ["Extract", "Line", "extract"]
