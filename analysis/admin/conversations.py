"""Figures and summaries of conversations, to be read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from analysis.models import ConversationAnalytics, ConversationSummary, TrainedModel
from chats.models import ChatStatus
from tenants.admin_base import ReadOnly, RoleAdmin
from tenants.models import Role


class OfChatAdmin(ReadOnly, RoleAdmin):
    """Rows about conversations; not about deleted ones."""

    list_fullwidth = True
    list_select_related: tuple[str, ...] = ("chat",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the rows of chats that are there."""
        rows: QuerySet[Any] = super().get_queryset(request).exclude(chat__status=ChatStatus.DELETED)
        return rows


@admin.register(ConversationAnalytics)
class ConversationAnalyticsAdmin(OfChatAdmin):
    """How conversations went."""

    list_display = (
        "chat", "agent", "began_at", "sentiment_score", "topic_classification", "main_intent", "response_time_ms",
        "user_satisfaction_rating", "escalated", "resolved_by",
    )  # fmt: skip
    list_filter = ("escalated", "resolved_by", "user_satisfaction_rating")
    list_select_related = ("chat", "agent", "main_intent")
    ordering = ("-began_at",)


@admin.register(ConversationSummary)
class ConversationSummaryAdmin(OfChatAdmin):
    """What was said in conversations, in short."""

    list_display = ("chat", "summary", "model_used", "updated_at")
    search_fields = ("summary",)
    ordering = ("-updated_at",)


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
