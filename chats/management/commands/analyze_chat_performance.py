"""analyze_chat_performance: stages, slowest replies, slow statements (commands.md)."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.performance import model_figures, reply_figures, stage_figures
from metrics.services.slow_statements import slow_statements
from tenants.management.base import TenantCommand
from tenants.scope import tenant_scope

DAYS = 7
LOOK_SECONDS = 2.0


class Command(TenantCommand):
    """See chats/services/performance.py."""

    help = gettext_lazy("Tell how long replies took, by stage and model, the slowest ones, and slow statements.")  # type: ignore[assignment]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--days`."""
        super().add_arguments(parser)
        parser.add_argument("--days", type=int, default=DAYS, help=_("The last so many days."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Tell tenant by tenant, then what is the installation's; that only where no single tenant was asked for."""
        if not 1 <= options["days"] <= 3660:
            raise CommandError(_("The days are 1 to 3660."), returncode=2)
        data: dict[str, Any] = {"days": options["days"], "tenants": {}}
        for tenant in self.tenants(options):
            with tenant_scope(tenant):
                data["tenants"][tenant.name] = reply_figures(options["days"])
        if options["tenant"] == "all":
            data["stages"] = stage_figures()
            data["models"] = model_figures(options["days"])
            data["statements"] = [asdict(each) for each in slow_statements(seconds=LOOK_SECONDS)]
        self.result(data, "\n".join(_words(data)), as_json=options["json"])


def _words(data: dict[str, Any]) -> Iterator[str]:
    for name, told in data["tenants"].items():
        yield _("%(tenant)s: %(count)s replies in %(days)s days") % {
            "tenant": name, "days": data["days"], "count": told["replies"]["count"],
        }  # fmt: skip
        yield from _quantiles(told["by_model"], "model")
        if told["slowest"]:
            yield _("  The slowest")
        yield from (
            f"    {row['seconds']:8.2f} s  {row['chat_id']} #{row['sequence']}  {row['model']}"
            for row in told["slowest"]
        )
        yield _("  Work, from its order to its end")
        yield from _quantiles(told["work"], "kind")
    if "stages" in data:
        yield _("Stages of the pipeline since the processes began")
        yield from (
            f"    {row['stage']:<24}{row['count']:>8} × {_ms(row['mean'])}  p95 {_ms(row['p95'])}"
            for row in data["stages"]
        )
        yield _("Models")
        yield from (
            f"    {row['model']:<24}{row['figure']:<20}{row['mean']:>12}  ({row['replies']})" for row in data["models"]
        )
        yield _("Slow statements")
        yield from (f"    {_ms(row['mean'])} × {row['calls']}  {row['text']}" for row in data["statements"])


def _quantiles(rows: list[dict[str, Any]], name: str) -> Iterator[str]:
    for row in rows:
        times = "  ".join(f"{part} {row[part]:.2f} s" for part in ("p50", "p95", "p99", "longest"))
        yield f"    {row[name] or '–':<24}{row['count']:>8}  {times}"


def _ms(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:.1f} ms"
