"""Figures and summaries of conversations, to be read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from analysis.models import ConversationAnalytics, ConversationSummary, TrainedModel
from chats.admin.sealed import tell_reading_beside
from chats.models import ChatStatus
from tenants.admin_base import ReadOnly, RoleAdmin
from tenants.admin_filters import recent_values
from tenants.models import Role


class OfChatAdmin(ReadOnly, RoleAdmin):
    """Rows about conversations; not about deleted ones."""

    list_fullwidth = True
    list_select_related: tuple[str, ...] = ("chat",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the rows of chats that are there."""
        rows: QuerySet[Any] = super().get_queryset(request).exclude(chat__status=ChatStatus.DELETED)
        return rows

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the row; who reads what is encrypted is told."""
        found = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if found is not None:
            tell_reading_beside(request, found.chat, [self.encrypted_in(found)])
        shown: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return shown

    def encrypted_in(self, found: Any) -> str:
        """Return what of a row is stored encrypted, in a word; empty for nothing."""
        raise NotImplementedError


@admin.register(ConversationAnalytics)
class ConversationAnalyticsAdmin(OfChatAdmin):
    """How conversations went."""

    list_display = (
        "chat", "agent", "began_at", "sentiment_score", "topic_classification", "main_intent", "response_time_ms",
        "user_satisfaction_rating", "escalated", "resolved_by",
    )  # fmt: skip
    list_filter = ("escalated", "resolved_by", recent_values("user_satisfaction_rating", _("rating")))
    list_select_related = ("chat", "agent", "main_intent")
    ordering = ("-began_at",)

    def encrypted_in(self, found: ConversationAnalytics) -> str:
        """The rating's comment."""
        return "comment" if found.comment and found.comment_is_encrypted else ""


@admin.register(ConversationSummary)
class ConversationSummaryAdmin(OfChatAdmin):
    """What was said in conversations, in short."""

    list_display = ("chat", "beginning", "model_used", "updated_at")
    search_fields = ("summary",)
    ordering = ("-updated_at",)

    def encrypted_in(self, found: ConversationSummary) -> str:
        """The summary, with its points."""
        return "summary" if found.is_encrypted else ""

    @display(description=_("summary"))
    def beginning(self, found: ConversationSummary) -> str:
        """Return the summary; one that is encrypted is read on its own page, which is audited."""
        return gettext("encrypted") if found.is_encrypted else str(found.summary)


@admin.register(TrainedModel)
class TrainedModelAdmin(ReadOnly, RoleAdmin):
    """What was trained, with the figures that it reached."""

    least_to_read = Role.ADMIN
    list_display = ("kind", "language", "version", "is_active", "created_at")
    list_filter = ("kind", "is_active")
    fields = ("kind", "language", "version", "is_active", "figures", "created_at")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the rows without their weights."""
        rows: QuerySet[Any] = super().get_queryset(request).defer("weights")
        return rows
