"""The documented views, read-only (database-components.md; decision 24)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.models import TenantOwned


class UserStatistics(TenantOwned):
    """What each contact has written: a row of the view `user_statistics`."""

    id = models.UUIDField(primary_key=True)
    username = models.CharField(_("name"), max_length=255)
    email = models.CharField(_("e-mail"), max_length=255)
    total_conversations = models.BigIntegerField(_("conversations"))
    total_messages = models.BigIntegerField(_("messages"))
    total_tokens = models.BigIntegerField(_("tokens"))
    last_conversation = models.DateTimeField(_("last conversation"), null=True)

    class Meta:
        managed = False
        db_table = "user_statistics"
        verbose_name = _("person's statistics")
        verbose_name_plural = _("people's statistics")

    def __str__(self) -> str:
        return self.username


class ModelPerformanceSummary(models.Model):
    """How much each active model was used in the current tenant: a row of the view `model_performance_summary`."""

    name = models.CharField(_("name"), max_length=100, primary_key=True)
    provider = models.CharField(_("provider"), max_length=50)
    total_conversations = models.BigIntegerField(_("conversations"))
    avg_tokens_per_conversation = models.FloatField(_("tokens per conversation"), null=True)
    total_tokens_used = models.BigIntegerField(_("tokens"), null=True)

    class Meta:
        managed = False
        db_table = "model_performance_summary"
        verbose_name = _("model's summary")
        verbose_name_plural = _("models' summaries")

    def __str__(self) -> str:
        return self.name
