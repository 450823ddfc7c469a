"""The administration of tenants, people, keys and the installation."""

import knox.admin  # noqa: F401  (what is taken out below has to be there)
from django.contrib import admin
from django.contrib.auth import admin as _auth  # noqa: F401
from django.contrib.auth.models import Group
from knox.models import get_token_model

from tenants.admin import backups, installation, invitations, keys, people, schedules, sessions, work
from tenants.admin.account import bring_account
from tenants.admin_site import prepare_site

__all__ = ["backups", "installation", "invitations", "keys", "people", "schedules", "sessions", "work"]

# Rights come from memberships; log-in tokens are the person's own.
admin.site.unregister([Group, get_token_model()])
prepare_site()
bring_account()
