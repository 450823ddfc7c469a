"""chat_metrics: conversations, messages, times, escalations and ratings by period (commands.md)."""

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.services.chat_metrics import Grain, Stretch, chat_metrics
from tenants.management.base import TenantCommand
from tenants.scope import tenant_scope


class Command(TenantCommand):
    """See analysis/services/chat_metrics.py."""

    help = gettext_lazy("Tell conversations, messages, response and resolution times, escalations and ratings.")  # type: ignore[assignment]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--period`."""
        super().add_arguments(parser)
        parser.add_argument(
            "--period", choices=[str(grain) for grain in Grain], default=Grain.DAILY, help=_("What each line is of.")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell tenant by tenant."""
        found = {}
        for tenant in self.tenants(options):
            with tenant_scope(tenant):
                found[tenant.name] = chat_metrics(tenant, Grain(options["period"]))
        data = {name: [asdict(each) for each in stretches] for name, stretches in found.items()}
        lines = [line for name, stretches in found.items() for line in _table(name, stretches, options["period"])]
        self.result({"period": options["period"], "tenants": data}, "\n".join(lines), as_json=options["json"])


def _table(name: str, stretches: list[Stretch], period: str) -> list[str]:
    columns = (_("from"), _("chats"), _("messages"), _("first reply"), _("resolved in"), _("handed over"), _("rating"))
    head = f"  {columns[0]:<17}" + "".join(f"{column:>14}" for column in columns[1:])
    written = "%Y-%m-%d %H:%M" if period == Grain.HOURLY else "%Y-%m-%d"
    told = [each for each in stretches if each.conversations or each.messages]
    return [name, head, *(_row(each, each.begins.strftime(written)) for each in told)]


def _row(each: Stretch, begins: str) -> str:
    share = "–" if each.escalation_rate is None else f"{each.escalation_rate:.0%}"
    rating = "–" if each.rating is None else f"{each.rating:.1f} ({each.ratings})"
    cells = (
        str(each.conversations), str(each.messages), _time(each.first_response_seconds),
        _time(each.resolution_seconds), share, rating,
    )  # fmt: skip
    return f"  {begins:<17}" + "".join(f"{cell:>14}" for cell in cells)


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return (
        f"{seconds:.1f} s"
        if seconds < 60
        else f"{seconds / 60:.1f} min"
        if seconds < 3600
        else f"{seconds / 3600:.1f} h"
    )
