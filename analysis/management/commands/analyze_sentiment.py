"""Find the mood of messages that have none yet, and tell it by agent and week."""

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agents.models import AgentModel
from analysis.services.bulk import BATCH, Selection, analyze_all, count_messages
from analysis.services.mood_figures import moods_by_agent
from tenants.management.base import TenantCommand
from tenants.management.commands.cleanup_old_data import MOST_DAYS
from tenants.models import TenantModel
from tenants.scope import tenant_scope


class Command(TenantCommand):
    """See commands.md."""

    help = gettext_lazy(
        "Find the mood of people's messages that have none yet, and tell it by agent and week. Safe to run again."
    )  # type: ignore[assignment]
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add which messages."""
        super().add_arguments(parser)
        parser.add_argument("--days", type=int, help=_("Only messages of the last so many days."))
        parser.add_argument("--agent", default="", help=_("Only conversations with this agent (its slug or name)."))
        parser.add_argument("--force", action="store_true", help=_("Read again what was read; not what was corrected."))
        parser.add_argument("--batch-size", type=int, default=BATCH, help=_("Messages in one transaction."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Read tenant by tenant, then tell."""
        if options["batch_size"] < 1 or options["days"] not in (None, *range(1, MOST_DAYS + 1)):
            raise CommandError(_("Days (up to 36500) and batch size are whole numbers from 1."), returncode=2)
        since = timezone.now() - timedelta(days=options["days"]) if options["days"] else None
        found = {}
        for tenant in self.tenants(options):
            with tenant_scope(tenant):
                agents = self._agents(options["agent"])
                if options["agent"] and not agents:
                    continue
                found[tenant.name] = self._analyze(tenant, since, agents[0] if agents else None, options)
        if options["agent"] and not found:
            raise CommandError(_("There is no agent “%(name)s”.") % {"name": options["agent"]})
        self.result({"tenants": found}, "\n".join(_lines(found)), as_json=options["json"])

    def _agents(self, name: str) -> list[AgentModel]:
        with transaction.atomic():
            return list(AgentModel.objects.filter(Q(slug=name) | Q(name=name))[:1]) if name else []

    def _analyze(
        self, tenant: TenantModel, since: datetime | None, agent: AgentModel | None, options: dict[str, Any]
    ) -> dict[str, Any]:
        selection = Selection(since=since, agent=agent, again=options["force"])
        total = count_messages(selection)
        read = 0
        if not options["dry_run"]:
            batches = (one for size in analyze_all(selection, batch=options["batch_size"]) for one in range(size))
            for _one in self.progress(batches, total=total, label=tenant.name, silent=options["no_progress"]):
                read += 1
        figures = moods_by_agent(since=since, agent=agent)
        return {"found": total, "analyzed": read, "moods": [asdict(row) for row in figures]}


def _lines(found: dict[str, Any]) -> list[str]:
    lines = []
    for name, told in found.items():
        lines.append(_("%(tenant)s: %(analyzed)s of %(found)s messages read.") % {"tenant": name, **told})
        lines += [
            _("  %(agent)s, %(week)s: %(positive)s positive, %(neutral)s neutral, %(negative)s negative (%(score)s)")
            % {**row, "agent": row["agent"] or "–"}
            for row in told["moods"]
        ]
    return lines
