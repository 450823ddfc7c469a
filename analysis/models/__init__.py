"""What conversations were like, message by message and as a whole (domain.md, "analysis")."""

from analysis.models.conversations import ConversationAnalytics, ConversationSummary, Resolver
from analysis.models.intents import Intent, MessageIntent
from analysis.models.reports import DayFigures, Report, ReportPeriod, ReportType, UsageMetric
from analysis.models.sentiments import Sentiment, SentimentChatModel
from analysis.models.trained import SharedTrainedModel, TrainedKind, TrainedModel

__all__ = [
    "ConversationAnalytics",
    "ConversationSummary",
    "DayFigures",
    "Intent",
    "MessageIntent",
    "Report",
    "ReportPeriod",
    "ReportType",
    "Resolver",
    "Sentiment",
    "SentimentChatModel",
    "SharedTrainedModel",
    "TrainedKind",
    "TrainedModel",
    "UsageMetric",
]
