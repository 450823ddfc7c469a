"""What a conversation was like (domain.md, "analysis")."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from chats.models import ChatModel
from tenants.fields import TenantForeignKey, UUIDv7Field
from tenants.models import TenantOwned


class ConversationAnalytics(TenantOwned):
    """One row a conversation: how its person rated it."""

    id = UUIDv7Field(primary_key=True)
    chat = TenantForeignKey(
        ChatModel, verbose_name=_("chat"), on_delete=models.CASCADE, related_name="analytics", db_index=False
    )
    user_satisfaction_rating = models.SmallIntegerField(
        _("rating"), null=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("conversation's figures")
        verbose_name_plural = _("conversations' figures")
        constraints = [
            models.UniqueConstraint(fields=["chat"], name="one_analytics_per_chat"),
            models.CheckConstraint(
                condition=models.Q(user_satisfaction_rating__range=(1, 5)), name="rating_from_one_to_five"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chat_id}: {self.user_satisfaction_rating or '–'}"
