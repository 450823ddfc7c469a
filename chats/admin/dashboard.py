"""The administration's first page: who waits, and what goes on."""

from datetime import timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import AgentModel, KnowledgeDocument
from chats.admin.names import person_of
from chats.models import ChatModel, ChatStatus
from tenants.admin_base import COUNT_AT_MOST, has_rank
from tenants.models import Role

ROWS_SHOWN: Final = 8

admin.site.index_template = "chats/admin/dashboard.html"
admin.site.index_title = gettext_lazy("Overview")


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the first page's context (unfold's DASHBOARD_CALLBACK); without a tenant there is nothing to show."""
    if not has_rank(request, Role.VIEWER):
        return context
    chats = ChatModel.objects.exclude(status=ChatStatus.DELETED)
    waiting = chats.filter(status=ChatStatus.WAITING)
    since = timezone.now() - timedelta(days=1)
    latest = chats.select_related("contact", "agent", "assigned_to").order_by("-last_activity")
    return {
        **context,
        "waiting": _rows(latest.filter(status=ChatStatus.WAITING)),
        "latest": _rows(latest),
        "figures": [
            (_("Waiting for a person"), _count(waiting), "support_agent"),
            (_("Active in the last 24 hours"), _count(chats.filter(last_activity__gte=since)), "forum"),
            (_("Agents"), _count(AgentModel.objects.filter(is_active=True)), "smart_toy"),
            (_("Documents"), _count(KnowledgeDocument.objects.all()), "article"),
        ],
    }


def _rows(chats: Any) -> list[tuple[ChatModel, str]]:
    return [(chat, person_of(chat)) for chat in chats[:ROWS_SHOWN]]


def _count(rows: Any) -> str:
    """Count to a thousand: the page must not become slower as the tenant grows."""
    counted = rows.order_by()[:COUNT_AT_MOST].count()
    return f"{counted}+" if counted >= COUNT_AT_MOST else str(counted)
