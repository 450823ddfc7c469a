"""The administration's menu: each kind of row that the person may see, by what it is for."""

from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

MENU: Final = (
    (
        _("Conversations"),
        (
            ("chats.chatmodel", "forum"),
            ("chats.contact", "contacts"),
            ("chats.channel", "web"),
            ("chats.thread", "linked_services"),
            ("chats.jsonstatebatch", "move_to_inbox"),
        ),
    ),
    (
        _("Agents"),
        (
            ("agents.agentmodel", "smart_toy"),
            ("agents.knowledgebase", "menu_book"),
            ("agents.knowledgedocument", "article"),
            ("agents.knowledgechunk", "segment"),
        ),
    ),
    (
        _("Analysis"),
        (
            ("analysis.report", "assessment"),
            ("analysis.sentimentchatmodel", "sentiment_satisfied"),
            ("analysis.messageintent", "ads_click"),
            ("analysis.intent", "category"),
            ("analysis.conversationanalytics", "monitoring"),
            ("analysis.conversationsummary", "summarize"),
            ("analysis.trainedmodel", "model_training"),
        ),
    ),
    (
        _("Team"),
        (
            ("tenants.membership", "group"),
            ("tenants.invitation", "forward_to_inbox"),
            ("tenants.apikey", "key"),
            ("agents.providercredential", "vpn_key"),
            ("audit.auditlog", "history"),
            ("audit.errorlog", "bug_report"),
            ("notifications.notification", "notifications"),
            ("notifications.room", "meeting_room"),
            ("notifications.webhookendpoint", "webhook"),
            ("notifications.webhookdelivery", "outbox"),
            ("tenants.workitem", "pending_actions"),
        ),
    ),
    (
        _("Installation"),
        (
            ("metrics.commandrun", "monitor_heart"),
            ("tenants.tenantmodel", "domain"),
            ("tenants.user", "person"),
            ("tenants.loginsession", "devices"),
            ("agents.aimodel", "memory"),
            ("tenants.systemconfig", "tune"),
            ("tenants.schedule", "schedule"),
            ("tenants.backup", "backup"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu of one person (unfold's SIDEBAR.navigation)."""
    start = {"title": _("Overview"), "icon": "home", "link": reverse("admin:index")}
    groups: list[dict[str, Any]] = [{"title": None, "separator": False, "items": [start]}]
    for title, entries in MENU:
        items = [entry for label, icon in entries if (entry := _entry(request, label, icon))]
        groups.append({"title": title, "separator": True, "items": items})
    return [group for group in groups if group["items"]]


def _entry(request: HttpRequest, label: str, icon: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    if not admin.site.is_registered(model) or not admin.site.get_model_admin(model).has_view_permission(request):
        return None
    opts = model._meta
    link = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return {"title": capfirst(str(opts.verbose_name_plural)), "icon": icon, "link": link}
