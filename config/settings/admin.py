"""The administration's looks and menu (django-unfold)."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from config.settings.base import TEMPLATES
from config.settings.environment import BASE_DIR

# unfold's templates come before the apps' own; what stands here comes before unfold's.
TEMPLATES[0]["DIRS"] = [BASE_DIR / "tenants" / "overrides"]
LOCALE_PATHS = [BASE_DIR / "tenants" / "overrides" / "locale"]  # unfold speaks no Spanish of its own

TEAL = {
    "50": "#f0fdfa", "100": "#ccfbf1", "200": "#99f6e4", "300": "#5eead4", "400": "#2dd4bf", "500": "#14b8a6",
    "600": "#0f766e", "700": "#115e59", "800": "#134e4a", "900": "#10403d", "950": "#042f2e",
}  # fmt: skip


def _mark(request: Any) -> str:
    return static("chats/mark.svg")


def _is_above_agent(request: Any) -> bool:
    return getattr(request, "admin_role", None) in {"admin", "owner"}


LOGIN_REDIRECT_URL = "admin:index"
UNFOLD = {
    "SITE_TITLE": "Charla",
    "SITE_HEADER": "Charla",
    "SITE_SUBHEADER": _("Administration"),
    "SITE_ICON": _mark,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _mark}],
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": lambda request: reverse("admin:set_language")},
    "SHOW_HISTORY": _is_above_agent,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {"primary": TEAL},
    "ACCOUNT": {"navigation": [{"title": _("My account"), "link": reverse_lazy("admin:account")}]},
    "STYLES": [
        lambda request: static("tenants/account.css"),
        lambda request: static("tenants/admin.css"),
        lambda request: static("notifications/bell.css"),
    ],
    "SCRIPTS": [lambda request: static("tenants/admin.js"), lambda request: static("notifications/bell.js")],
    "GLOBAL_CALLBACK": "tenants.admin_site.page_context",
    "DASHBOARD_CALLBACK": "chats.admin.dashboard.dashboard",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "config.admin_menu.navigation"},
}
