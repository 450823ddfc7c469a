"""Prove that nobody changed, removed or moved what the audit log says."""

from typing import Any

from django.core.management import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.services.chain import Damage, Finding
from audit.services.verifying import INSTALLATION, Verdict, verify
from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.scope import in_tenant


class Command(TenantCommand):
    """Each tenant's chain, and the installation's own."""

    help = gettext_lazy("Verify the chains of the audit log and name every row that was changed, removed or moved.")  # type: ignore[assignment]

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify, print what was found, and fail where something does not fit."""
        everything = options["tenant"] == "all"
        tenants = list(TenantModel.objects.order_by("name")) if everything else self.tenants(options)
        verdicts = {INSTALLATION: verify(None)} if everything else {}
        for tenant in self.progress(tenants, total=len(tenants), label="audit", silent=options["no_progress"]):
            with in_tenant(tenant):
                verdicts[tenant.name] = verify(tenant.pk)
        data = {name: _data(verdict) for name, verdict in verdicts.items()}
        words = [line for name, verdict in verdicts.items() for line in _words(name, verdict)]
        self.result({"chains": data}, "\n".join(words), as_json=options["json"])
        if not all(verdict.is_whole for verdict in verdicts.values()):
            raise CommandError(_("The audit log is not as it was written."))


def _data(verdict: Verdict) -> dict[str, Any]:
    return {
        "rows": verdict.chain.rows,
        "is_whole": verdict.is_whole,
        "fits_checkpoint": verdict.fits_checkpoint,
        "archived_through": verdict.archives.end.place,
        "archives_forged": [f"{archive.first_place}-{archive.last_place}" for archive in verdict.archives.forged],
        "archives_changed": list(verdict.archives.changed),
        "archives_elsewhere": list(verdict.archives.elsewhere),
        "findings": [
            {"damage": found.damage, "place": found.place, "id": found.row_id, "written_at": found.written_at}
            for found in verdict.chain.findings
        ],
    }


def _words(name: str, verdict: Verdict) -> list[str]:
    told = {"name": name, "rows": verdict.chain.rows}
    if verdict.is_whole:
        return [_("%(name)s: %(rows)s entries, all as they were written.") % told, *_archived(verdict)]
    lines = [_("%(name)s: %(rows)s entries, and not all as they were written:") % told, *_archived(verdict)]
    lines += [f"  {_sentence(found)}" for found in verdict.chain.findings]
    if not verdict.fits_checkpoint:
        lines.append("  " + _("The end that was there at the last check is gone, or the chain was written anew."))
    return lines


def _archived(verdict: Verdict) -> list[str]:
    """Return what is to be said of the range that was archived: where it ends, and what is not as it was."""
    archives = verdict.archives
    said = [_("The entries up to place %(place)s are archived.") % {"place": archives.end.place}]
    said = said if archives.end.place else []
    said += [
        _("Places %(first)s to %(last)s were taken out by somebody else than this installation.")
        % {"first": archive.first_place, "last": archive.last_place}
        for archive in archives.forged
    ]
    said += [_("The archive %(path)s was changed.") % {"path": path} for path in archives.changed]
    said += [_("The archive %(path)s is not here.") % {"path": path} for path in archives.elsewhere]
    return [f"  {line}" for line in said]


def _sentence(found: Finding) -> str:
    told = {"place": found.place, "id": found.row_id, "written_at": found.written_at}
    sentences = {
        Damage.CHANGED: _("Entry %(id)s at place %(place)s was changed."),
        Damage.REMOVED: _("The entry at place %(place)s was removed."),
        Damage.MOVED: _("Entry %(id)s was moved from place %(written_at)s to place %(place)s."),
    }
    return sentences[found.damage] % told
