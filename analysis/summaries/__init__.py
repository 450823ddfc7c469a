"""What a conversation was about, in a few of its own sentences and words. Nothing here touches the database."""

from analysis.summaries.extracting import Extract, Line, extract
from analysis.summaries.topics import topics

__all__ = ["Extract", "Line", "extract", "topics"]
