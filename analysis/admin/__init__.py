"""The administration of what is known of messages and conversations."""

from analysis.admin import beside, conversations, intents, moods, reports

__all__ = ["beside", "conversations", "intents", "moods", "reports"]
