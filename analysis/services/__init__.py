"""What other apps' documents call by name: see each module."""

from analysis.services.summaries import ConversationSummaryService

__all__ = ["ConversationSummaryService"]
