"""Moods, intents, summaries and figures on the wire (api.md; decisions 25 and 32)."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from analysis.models import (
    ConversationAnalytics,
    ConversationSummary,
    Intent,
    MessageIntent,
    Sentiment,
    SentimentChatModel,
)
from analysis.models.intents import validate_examples

LONGEST_COMMENT = 2000
LONGEST_EXCERPT = 200
LONGEST_SENTENCE = 2000


class RatingSerializer(serializers.Serializer[Any]):
    """A rating on the wire."""

    rating = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=LONGEST_COMMENT, required=False, allow_blank=True, default="")


class CorrectionSerializer(serializers.Serializer[Any]):
    """Who said otherwise, when, and what was said before."""

    by = serializers.UUIDField(source="corrected_by_id", allow_null=True)
    at = serializers.DateTimeField(source="corrected_at")
    original = serializers.DictField()


class AnalyzedSerializer(serializers.ModelSerializer[Any]):
    """What is known of one message; `correction` is null unless the staff said otherwise."""

    message = serializers.CharField(source="message_id", read_only=True)
    chat_id = serializers.UUIDField(source="chat.chat_id", read_only=True)
    sequence = serializers.IntegerField(source="message.sequence", read_only=True)
    excerpt = serializers.SerializerMethodField()
    correction = serializers.SerializerMethodField()

    def get_excerpt(self, found: Any) -> str:
        """Return how the message begins."""
        text: str = found.message.content
        return text if len(text) <= LONGEST_EXCERPT else text[: LONGEST_EXCERPT - 1] + "…"

    @extend_schema_field(CorrectionSerializer(allow_null=True))
    def get_correction(self, found: Any) -> Any:
        """Return the correction, or None."""
        return CorrectionSerializer(found).data if found.corrected_at else None


class SentimentSerializer(AnalyzedSerializer):
    """A message's sentiment."""

    score = serializers.FloatField(read_only=True)
    confidence = serializers.FloatField(read_only=True)

    class Meta:
        model = SentimentChatModel
        fields = [
            "message", "chat_id", "sequence", "excerpt", "sentiment", "score", "confidence", "language", "analyzer",
            "timestamp", "correction",
        ]  # fmt: skip


class SentimentCorrectionSerializer(serializers.Serializer[Any]):
    """What a message really sounds like."""

    sentiment = serializers.ChoiceField(choices=Sentiment.choices)


class MessageIntentSerializer(AnalyzedSerializer):
    """A message's intent; null: none of the tenant's."""

    intent = serializers.UUIDField(source="intent_id", read_only=True, allow_null=True)
    name = serializers.CharField(source="intent.name", read_only=True, allow_null=True, default=None)
    confidence = serializers.FloatField(read_only=True)

    class Meta:
        model = MessageIntent
        fields = [
            "message", "chat_id", "sequence", "excerpt", "intent", "name", "confidence", "classifier", "timestamp",
            "correction",
        ]  # fmt: skip


class MessageIntentCorrectionSerializer(serializers.Serializer[Any]):
    """What a message really asks for: an intent's id, or null for none of them."""

    intent: "serializers.PrimaryKeyRelatedField[Intent]" = serializers.PrimaryKeyRelatedField(
        queryset=Intent.objects.all(), allow_null=True
    )


class IntentSerializer(serializers.ModelSerializer[Intent]):
    """An intent with its examples."""

    examples = serializers.ListField(child=serializers.CharField(), required=False, validators=[validate_examples])

    class Meta:
        model = Intent
        fields = ["id", "name", "description", "examples", "is_outside", "is_active", "created_at", "updated_at"]
        read_only_fields = ["id", "created_at", "updated_at"]

    def validate_name(self, name: str) -> str:
        """Refuse a name that another intent of the tenant has."""
        others = Intent.objects.filter(name=name)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if others.exists():
            raise serializers.ValidationError(_("There is an intent of this name already."), code="conflict")
        return name


class SentenceSerializer(serializers.Serializer[Any]):
    """A sentence to try the intents with."""

    text = serializers.CharField(max_length=LONGEST_SENTENCE)


class GuessSerializer(serializers.Serializer[Any]):
    """What the classifier takes a sentence for; `name` null: none of the tenant's intents."""

    name = serializers.CharField(allow_null=True)
    confidence = serializers.FloatField()
    classifier = serializers.CharField()


class ClassifierSerializer(serializers.Serializer[Any]):
    """The classifier in use, and what it reached in its training."""

    version = serializers.CharField()
    figures = serializers.DictField()
    created_at = serializers.DateTimeField()


class SummarySerializer(serializers.ModelSerializer[ConversationSummary]):
    """A conversation in short, up to the message `through_sequence`."""

    key_points = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ConversationSummary
        fields = ["summary", "key_points", "language", "model_used", "tokens_used", "through_sequence"]


class ChatAnalyticsSerializer(serializers.ModelSerializer[ConversationAnalytics]):
    """A conversation's figures up to the message `through_sequence`; times in milliseconds."""

    agent = serializers.CharField(source="agent.slug", read_only=True, allow_null=True, default=None)
    main_intent = serializers.CharField(source="main_intent.name", read_only=True, allow_null=True, default=None)
    sentiment_score = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = ConversationAnalytics
        fields = [
            "agent", "began_at", "sentiment_score", "topic_classification", "main_intent", "response_time_ms",
            "first_response_ms", "user_satisfaction_rating", "comment", "escalated", "escalation_reason",
            "resolved_by", "through_sequence",
        ]  # fmt: skip


class OutcomeSerializer(serializers.Serializer[Any]):
    """How conversations went; times are medians in milliseconds, rates and shares from 0 to 1."""

    analyzed = serializers.IntegerField()
    escalated = serializers.IntegerField()
    escalation_rate = serializers.FloatField(allow_null=True)
    resolved_by_agent = serializers.IntegerField()
    resolved_by_staff = serializers.IntegerField()
    sentiment_score = serializers.FloatField(allow_null=True)
    response_time_ms = serializers.FloatField(allow_null=True)
    first_response_ms = serializers.FloatField(allow_null=True)
    ratings = serializers.IntegerField()
    rating = serializers.FloatField(allow_null=True)


class MoodsSerializer(serializers.Serializer[Any]):
    """How many messages had each sentiment."""

    positive = serializers.IntegerField()
    neutral = serializers.IntegerField()
    negative = serializers.IntegerField()


class ScoredMoodsSerializer(MoodsSerializer):
    """With their mean score."""

    score = serializers.FloatField(allow_null=True)


class OverviewDaySerializer(MoodsSerializer):
    """One day of the overview."""

    day = serializers.DateField()
    conversations = serializers.IntegerField()


class OverviewSerializer(OutcomeSerializer):
    """How the tenant's conversations went."""

    conversations = serializers.IntegerField()
    messages = serializers.IntegerField()
    rating_distribution = serializers.DictField(child=serializers.IntegerField())
    sentiment = ScoredMoodsSerializer()
    days = OverviewDaySerializer(many=True)


class AgentFiguresSerializer(OutcomeSerializer):
    """How an agent's conversations went."""

    agent = serializers.CharField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    conversations = serializers.IntegerField()


class SentimentDaySerializer(ScoredMoodsSerializer):
    """One day's moods."""

    day = serializers.DateField()


class SentimentFiguresSerializer(ScoredMoodsSerializer):
    """People's moods, and the staff's corrections."""

    corrections = serializers.IntegerField()
    corrections_that_changed = serializers.IntegerField()
    days = SentimentDaySerializer(many=True)


class IntentFiguresSerializer(OutcomeSerializer):
    """How often an intent was met, and how its conversations went."""

    intent = serializers.UUIDField(allow_null=True)
    name = serializers.CharField(allow_null=True)
    messages = serializers.IntegerField()
    share = serializers.FloatField()
