"""What a conversation was like as a whole: its figures, and what was said in it in short."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from agents.models import AgentModel
from analysis.models.intents import Intent
from chats.models import ChatModel
from tenants.encryption.fields import SealedJSONField, SealedModel, SealedTextField
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned


class Resolver(models.TextChoices):
    """Who brought a conversation to its end."""

    AGENT = "agent", _("AI agent")
    STAFF = "staff", _("staff")
    NONE = "none", pgettext_lazy("who resolved it", "nobody")


class ConversationAnalytics(SealedModel, TenantOwned):
    """One row a conversation: how its person rated it, and its figures up to the message `through_sequence`."""

    SEALED = ("comment",)
    SEALED_FLAG = "comment_is_encrypted"
    SEALED_PLACE = ("chat_id",)

    id = UUIDv7Field(primary_key=True)
    chat = TenantForeignKey(
        ChatModel, verbose_name=_("chat"), on_delete=models.CASCADE, related_name="analytics", db_index=False
    )
    agent = TenantForeignKey(
        AgentModel, verbose_name=_("agent"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    began_at = models.DateTimeField(_("began"), null=True, editable=False)
    sentiment_score = models.DecimalField(_("sentiment score"), max_digits=3, decimal_places=2, null=True)
    topic_classification = models.CharField(_("topic"), max_length=200, blank=True, default="")
    main_intent = TenantForeignKey(
        Intent, verbose_name=_("main intent"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    response_time_ms = models.BigIntegerField(_("median time to a reply (ms)"), null=True)
    first_response_ms = models.BigIntegerField(_("time to the first reply (ms)"), null=True)
    user_satisfaction_rating = models.SmallIntegerField(
        _("rating"), null=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    comment = SealedTextField(_("comment"), blank=True)
    comment_is_encrypted = models.BooleanField(default=False, db_default=False, editable=False)
    rated_at = models.DateTimeField(_("rated"), null=True, editable=False)
    escalated = models.BooleanField(_("handed to the staff"), default=False)
    escalation_reason = models.CharField(_("why it was handed over"), max_length=40, blank=True, default="")
    resolved_by = models.CharField(
        _("resolved by"), max_length=5, choices=Resolver.choices, default=Resolver.NONE, db_default=Resolver.NONE
    )
    through_sequence = models.IntegerField(default=0, db_default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("conversation's figures")
        verbose_name_plural = _("conversations' figures")
        indexes = [models.Index(fields=["tenant", "began_at"], name="analytics_by_beginning")]
        constraints = [
            models.UniqueConstraint(fields=["chat"], name="one_analytics_per_chat"),
            models.CheckConstraint(
                condition=models.Q(user_satisfaction_rating__range=(1, 5)), name="rating_from_one_to_five"
            ),
            models.CheckConstraint(
                condition=models.Q(sentiment_score__range=(-1, 1)), name="analytics_score_within_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chat_id}: {self.user_satisfaction_rating or '–'}"


class ConversationSummary(SealedModel, TenantOwned):
    """What was said in a conversation, in short, up to the message `through_sequence`."""

    SEALED = ("summary", "key_points")
    SEALED_PLACE = ("chat_id",)

    id = UUIDv7Field(primary_key=True)
    chat = TenantForeignKey(
        ChatModel, verbose_name=_("chat"), on_delete=models.CASCADE, related_name="summaries", db_index=False
    )
    summary = SealedTextField(_("summary"), blank=True)
    key_points = SealedJSONField(_("key points"), default=list)
    is_encrypted = models.BooleanField(default=False, db_default=False, editable=False)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    model_used = models.CharField(_("model used"), max_length=100, blank=True, default="")
    tokens_used = models.IntegerField(_("tokens"), default=0)
    through_sequence = models.IntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("summary")
        verbose_name_plural = _("summaries")
        constraints = [models.UniqueConstraint(fields=["chat"], name="one_summary_per_chat")]

    def __str__(self) -> str:
        return str(self.summary)[:80]
