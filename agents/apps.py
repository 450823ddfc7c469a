"""The app `agents`: agents, models and their providers, knowledge and its search."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AgentsConfig(AppConfig):
    """Layer 4: takes a list of turns, gives a reply; knows no chat."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "agents"
    verbose_name = _("Agents")
