"""migrate_knowledge_base: bases between versions of what they hold, with a check afterwards (commands.md)."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.errors import NoModelError
from agents.models import KnowledgeBase
from agents.services.base_versions import LATEST, bases, migrate_base, parse_version, problems_of
from agents.services.embeddings import EmbeddingError, embed_base, embedding_model
from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.scope import tenant_scope

SHOWN = 20


class Command(TenantCommand):
    """See agents/services/base_versions.py."""

    help = gettext_lazy("Bring knowledge bases to a version of what they hold, and check them. Safe to run again.")  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add which version, and what else."""
        super().add_arguments(parser)
        parser.add_argument("--version", default=str(LATEST), help=_("The version to come to; the latest without it."))
        parser.add_argument(
            "--validate-only", action="store_true", help=_("Say what is not as it should be; change nothing.")
        )
        parser.add_argument("--reembed", action="store_true", help=_("Compute the passages' embeddings anew."))

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run; one that only validates leaves nothing in the audit log."""
        options["dry_run"] = options["dry_run"] or options["validate_only"]
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate and check tenant by tenant; exit status 1 where a base is not as its version wants it."""
        try:
            version = parse_version(options["version"])
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
        found = {}
        for tenant in self.tenants(options):
            with tenant_scope(tenant):
                found[tenant.name] = self._one(tenant, version, options)
        self.result({"version": version, "tenants": found}, "\n".join(_lines(found, options)), as_json=options["json"])
        count = sum(len(told["problems"]) for told in found.values())
        if count:
            raise CommandError(_("%(count)s problems found.") % {"count": count})

    def _one(self, tenant: TenantModel, version: int, options: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {"bases": {}, "problems": [], "embedded": 0}
        for base in bases():
            if not options["validate_only"]:
                told["bases"][base.name] = self._migrate(tenant, base, version, options)
        if options["reembed"] and not options["dry_run"]:
            told["embedded"] = self._embed(tenant, options)
        if options["validate_only"] or not options["dry_run"]:
            told["problems"] = [problem for base in bases() for problem in problems_of(base, version)]
        return told

    def _migrate(
        self, tenant: TenantModel, base: KnowledgeBase, version: int, options: dict[str, Any]
    ) -> dict[str, Any]:
        steps = migrate_base(base, version, dry_run=options["dry_run"])
        label = f"{tenant.name} {base.name}"
        done = list(self.progress(steps, total=None, label=label, silent=options["no_progress"]))
        return {
            "from": base.schema_version,
            "documents": sum(step.looked_at for step in done),
            "changed": sum(step.changed for step in done),
        }

    def _embed(self, tenant: TenantModel, options: dict[str, Any]) -> int:
        try:
            model, use = embedding_model()
            steps = (size for base in bases() for size in embed_base(base, model, use))
            return sum(self.progress(steps, total=None, label=tenant.name, silent=options["no_progress"]))
        except (NoModelError, EmbeddingError) as error:
            raise CommandError(str(error)) from error


def _lines(found: dict[str, Any], options: dict[str, Any]) -> list[str]:
    lines = []
    words = _("%(tenant)s, %(base)s: from version %(from)s, %(changed)s of %(documents)s documents changed.")
    if options["dry_run"]:
        words = _(
            "%(tenant)s, %(base)s: from version %(from)s, %(changed)s of %(documents)s documents would be changed."
        )
    for name, told in found.items():
        lines += [words % {"tenant": name, "base": base, **done} for base, done in told["bases"].items()]
        if told["embedded"]:
            lines.append(_("%(tenant)s: %(count)s passages embedded.") % {"tenant": name, "count": told["embedded"]})
        if not told["problems"] and (options["validate_only"] or not options["dry_run"]):
            lines.append(_("%(tenant)s: every base is as its version wants it.") % {"tenant": name})
        lines += [f"  - {problem}" for problem in told["problems"][:SHOWN]]
        if len(told["problems"]) > SHOWN:
            lines.append(_("  and %(count)s more") % {"count": len(told["problems"]) - SHOWN})
    return lines
