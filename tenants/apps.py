"""The app `tenants`: who belongs to whom, and what must not be lost."""

from importlib import import_module

from corsheaders.signals import check_request_enabled
from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    """Layer 1: imported by every app, imports none."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "tenants"
    verbose_name = _("Tenants")

    def ready(self) -> None:
        """Find what the apps registered for a tenant's life, as the admin finds `admin.py`."""
        autodiscover_modules("lifecycle", "portable")
        register(import_module("tenants.checks").check_encryption_keys, Tags.database)
        import_module("tenants.work")
        post_migrate.connect(
            import_module("tenants.backups.ledger").install_triggers, sender=self, dispatch_uid="tenants.deletions"
        )
        check_request_enabled.connect(
            import_module("tenants.api.cross_origin").may_read, dispatch_uid="tenants.cross_origin"
        )
