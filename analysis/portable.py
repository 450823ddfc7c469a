"""What the analysis found out, as records of their conversations. Weights are learnt anew from examples."""

from analysis.models import ConversationAnalytics, ConversationSummary, Intent, MessageIntent, SentimentChatModel
from tenants.lifecycle import portable_kinds
from tenants.portable.kinds import Group, Kind, Link

OF_THE_CHAT = Link("chat", {"chat": "chat_id"}, required=True)
OF_THE_MESSAGE = Link("message", {"chat": "chat__chat_id", "sequence": "sequence"}, required=True)
CORRECTED_BY = Link("corrected_by", {"corrected_by": "email"})

portable_kinds.add(
    "analysis.intent",
    Kind(
        name="intent",
        group=Group.AGENTS,
        model=Intent,
        columns=("id", "name", "description", "examples", "is_outside", "is_active", "created_at", "updated_at"),
        identity=("name",),
        unused=lambda intents: intents.exclude(
            pk__in=MessageIntent.objects.filter(intent__isnull=False).values("intent")
        ),
    ),
)
portable_kinds.add(
    "analysis.sentiment",
    Kind(
        name="sentiment",
        group=Group.CHATS,
        model=SentimentChatModel,
        columns=(
            "sentiment", "score", "confidence", "language", "analyzer", "timestamp", "corrected_at", "original",
            "created_at",
        ),
        identity=("message",),
        links=(OF_THE_CHAT, OF_THE_MESSAGE, CORRECTED_BY),
        period="chat__created_at",
    ),
)  # fmt: skip
portable_kinds.add(
    "analysis.message_intent",
    Kind(
        name="message_intent",
        group=Group.CHATS,
        model=MessageIntent,
        columns=("confidence", "classifier", "timestamp", "corrected_at", "original", "created_at"),
        identity=("message",),
        links=(OF_THE_CHAT, OF_THE_MESSAGE, Link("intent", {"intent": "name"}), CORRECTED_BY),
        period="chat__created_at",
    ),
)
portable_kinds.add(
    "analysis.figures",
    Kind(
        name="figures",
        group=Group.CHATS,
        model=ConversationAnalytics,
        columns=(
            "began_at", "sentiment_score", "topic_classification", "response_time_ms", "first_response_ms",
            "user_satisfaction_rating", "comment", "rated_at", "escalated", "escalation_reason", "resolved_by",
            "through_sequence", "created_at", "updated_at",
        ),
        identity=("chat",),
        links=(OF_THE_CHAT, Link("agent", {"agent": "slug"}), Link("main_intent", {"main_intent": "name"})),
        period="chat__created_at",
    ),
)  # fmt: skip
portable_kinds.add(
    "analysis.summary",
    Kind(
        name="summary",
        group=Group.CHATS,
        model=ConversationSummary,
        columns=(
            "summary", "key_points", "language", "model_used", "tokens_used", "through_sequence", "created_at",
            "updated_at",
        ),
        identity=("chat",),
        links=(OF_THE_CHAT,),
        period="chat__created_at",
    ),
)  # fmt: skip
