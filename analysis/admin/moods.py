"""Moods and intents of messages: looked at, and corrected."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from analysis.admin.charts import moods_context
from analysis.models import MessageIntent, Sentiment, SentimentChatModel
from analysis.services.corrections import correct_intent, correct_sentiment
from chats.admin.sealed import tell_reading
from chats.models import ChatStatus
from tenants.admin_base import RoleAdmin
from tenants.admin_filters import recent_values

EXCERPT = 90


class AnalyzedAdmin(RoleAdmin):
    """Rows about messages: nobody adds or deletes them, the staff correct them."""

    list_fullwidth = True
    ordering = ("-timestamp", "-id")
    date_hierarchy = None

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the rows with their messages; not those of deleted chats."""
        rows: QuerySet[Any] = super().get_queryset(request).exclude(chat__status=ChatStatus.DELETED)
        return rows.select_related("message", "chat", "corrected_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: the analysis adds."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: it goes with its message."""
        return False

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Say nothing more: the correction has its own row in the audit log."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the row; who reads an encrypted message is told."""
        found = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if found is not None and request.method == "GET":
            tell_reading(request, found.chat, [found.message])
        shown: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return shown

    @display(description=_("message"))
    def excerpt(self, found: Any) -> str:
        """Return how the message begins."""
        if found.message.is_encrypted:  # read on the row's own page, which is audited
            return gettext("encrypted")
        text: str = found.message.content
        return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"

    @display(description=_("message"))
    def whole(self, found: Any) -> str:
        """Return the message, and the way to its place in the conversation."""
        url = reverse("admin:chats_chatmodel_change", args=[found.chat_id])
        link = f"{url}?before={found.message.sequence + 1}#m{found.message.sequence}"
        return format_html(
            '<p dir="auto">{}</p><a class="ch-link" href="{}">{}</a>', found.message.content, link, found.chat
        )

    @display(description=_("corrected"), boolean=True)
    def is_corrected(self, found: Any) -> bool:
        """Tell whether somebody of the staff said otherwise."""
        return found.corrected_at is not None

    @display(description=_("before the correction"))
    def before(self, found: Any) -> str:
        """Return what the analysis said."""
        said = found.original or {}
        return " · ".join(str(value) for value in said.values()) or "–"


@admin.register(SentimentChatModel)
class SentimentAdmin(AnalyzedAdmin):
    """People's moods, with a chart of the last thirty days."""

    resource = "sentiments"
    list_before_template = "analysis/admin/moods.html"
    list_display = ("timestamp", "excerpt", "mood", "score", "language", "analyzer", "is_corrected")
    list_filter = ("sentiment", recent_values("language", _("language")), ("corrected_at", admin.EmptyFieldListFilter))
    fields = (
        "whole", "sentiment", "score", "confidence", "language", "analyzer", "corrected_by", "corrected_at", "before",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name != "sentiment")

    @display(description=_("sentiment"), ordering="sentiment", label={
        Sentiment.POSITIVE.label: "success", Sentiment.NEGATIVE.label: "danger",
    })  # fmt: skip
    def mood(self, found: SentimentChatModel) -> str:
        """Return the sentiment as a label."""
        return str(found.get_sentiment_display())

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the chart and the list."""
        chart = moods_context() if self.has_view_permission(request) else {}
        shown: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **chart})
        return shown

    def save_model(self, request: HttpRequest, obj: SentimentChatModel, form: Any, change: bool) -> None:  # noqa: FBT001
        """Keep the correction."""
        correct_sentiment(message_id=obj.message_id, sentiment=Sentiment(obj.sentiment), by=request.user)  # type: ignore[arg-type]


@admin.register(MessageIntent)
class MessageIntentAdmin(AnalyzedAdmin):
    """What people's messages ask for."""

    resource = "message-intents"
    list_display = ("timestamp", "excerpt", "intent", "confidence", "classifier", "is_corrected")
    list_filter = ("intent", ("corrected_at", admin.EmptyFieldListFilter))
    list_select_related = ("intent",)
    fields = ("whole", "intent", "confidence", "classifier", "corrected_by", "corrected_at", "before")
    readonly_fields = tuple(name for name in fields if name != "intent")

    def save_model(self, request: HttpRequest, obj: MessageIntent, form: Any, change: bool) -> None:  # noqa: FBT001
        """Keep the correction."""
        correct_intent(message_id=obj.message_id, intent=obj.intent, by=request.user)  # type: ignore[arg-type]
