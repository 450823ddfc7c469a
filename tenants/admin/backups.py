"""Backups, for who runs the installation: what each holds, and whether it was proved."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.formats import localize
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from tenants.admin_base import OperatorAdmin, ReadOnly
from tenants.backup_models import Backup
from tenants.backups.records import newest_proved


@admin.register(Backup)
class BackupAdmin(ReadOnly, OperatorAdmin):
    """Read only: a file is removed by its age, and restored by restore_data."""

    list_display = ("made_at", "kind", "tenant_name", "is_increment", "shown_size", "row_count", "state", "proved_at")
    list_filter = ("kind",)
    search_fields = ("path", "tenant_name")
    ordering = ("-made_at",)
    fields = (
        "id", "made_at", "kind", "tenant_name", "base", "path", "shown_size", "row_count", "seconds", "program",
        "is_encrypted", "checked_at", "proved_at", "last_error", "removed_at",
    )  # fmt: skip
    readonly_fields = ("shown_size",)
    empty_text = _("There is no backup yet: manage.py backup_data makes one, and the schedule one each night.")

    @display(description=_("increment"), boolean=True)
    def is_increment(self, backup: Backup) -> bool:
        """Return whether it holds what changed alone."""
        return backup.base is not None

    @display(description=_("size"), ordering="size")
    def shown_size(self, backup: Backup) -> str:
        """Return the size of the file."""
        return filesizeformat(backup.size)

    @display(
        description=_("proof"),
        label={"proved": "success", "whole": "info", "none": "warning", "failed": "danger", "removed": "info"},
    )
    def state(self, backup: Backup) -> tuple[str, str]:
        """Return how far it was proved, coloured."""
        if backup.removed_at:
            return "removed", gettext("file removed")
        if backup.last_error:
            return "failed", gettext("failed")
        if backup.proved_at:
            return "proved", gettext("restored in a drill")
        return ("whole", gettext("read whole")) if backup.checked_at else ("none", gettext("not proved yet"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Say first when a backup was last proved restorable."""
        if request.method == "GET" and self.has_view_permission(request):
            proved = newest_proved()
            if proved:
                told = gettext("A backup was last proved restorable: %(at)s.") % {"at": localize(localtime(proved))}
                messages.info(request, told)
            else:
                messages.warning(request, gettext("No backup was ever proved restorable."))
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response
