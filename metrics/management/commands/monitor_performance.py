"""monitor_performance: a live table of how the installation does, and alerts (commands.md)."""

import math
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rich.console import Console
from rich.live import Live
from rich.table import Table

from metrics.services.watching import Look, tell_strains, watch
from tenants.access import Reach
from tenants.management.base import CharlaCommand

DURATION, INTERVAL, THRESHOLD = 60.0, 5.0, 90.0
LINES_SHOWN = 20


class Command(CharlaCommand):
    """See metrics/services/watching.py."""

    charla_reach = Reach.INSTALLATION
    help = gettext_lazy("Watch requests, replies, work that waits, database, CPU and memory; tell people of strains.")  # type: ignore[assignment]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add for how long, how often, and from where on to alert."""
        super().add_arguments(parser)
        parser.add_argument("--duration", type=float, default=DURATION, help=_("Seconds to watch."))
        parser.add_argument("--interval", type=float, default=INTERVAL, help=_("Seconds between two looks."))
        parser.add_argument(
            "--alert-threshold", type=float, default=THRESHOLD,
            help=_("Percent of CPU, memory, disk, connections, or of the minute that work may wait."),
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Watch and say what was seen; exit status 1 when the threshold was exceeded."""
        times = (options["duration"], options["interval"], options["alert_threshold"])
        if not all(math.isfinite(number) and number > 0 for number in times):
            raise CommandError(_("Duration, interval and threshold are numbers above 0."), returncode=2)
        looks = self._watch(options)
        worst: dict[str, float] = {}
        for _seen, strains in looks:
            worst = {**worst, **{name: max(percent, worst.get(name, 0.0)) for name, percent in strains.items()}}
        data = {"looks": [asdict(look) for look, _strains in looks], "exceeded": worst}
        self.result(data, "" if self._is_live(options) else _head(looks), as_json=options["json"])
        if worst:
            told = ", ".join(f"{name} {percent:.0f} %" for name, percent in sorted(worst.items()))
            raise CommandError(_("Above the threshold: %(figures)s.") % {"figures": told})

    def _watch(self, options: dict[str, Any]) -> list[tuple[Look, dict[str, float]]]:
        """Look as often as asked for; on a terminal in a table that moves."""
        seen: list[tuple[Look, dict[str, float]]] = []
        live = Live(console=Console(stderr=True), auto_refresh=False) if self._is_live(options) else None
        if live:
            live.start()
        try:
            for look in watch(duration=options["duration"], interval=options["interval"]):
                seen.append((look, tell_strains(look, options["alert_threshold"])))
                if live:
                    live.update(_table([each for each, _strains in seen[-LINES_SHOWN:]]), refresh=True)
        except KeyboardInterrupt:
            self.say(_("Stopped."))
        finally:
            if live:
                live.stop()
        return seen

    def _is_live(self, options: dict[str, Any]) -> bool:
        return sys.stderr.isatty() and not options["no_progress"]


def _columns() -> tuple[str, ...]:
    return (
        _("time"), _("requests/s"), _("p95 ms"), _("errors/s"), _("replies/s"), _("p95 s"), _("ready"), _("oldest s"),
        _("commits/s"), _("connections"), _("longest s"), _("CPU %"), _("memory %"), _("disk %"),
    )  # fmt: skip


def _cells(look: Look) -> tuple[str, ...]:
    milliseconds = None if look.request_p95 is None else look.request_p95 * 1000
    return (
        datetime.fromtimestamp(look.at, tz=UTC).strftime("%H:%M:%S"), f"{look.requests:.1f}", _number(milliseconds),
        f"{look.errors:.1f}", f"{look.replies:.1f}", _number(look.reply_p95), str(look.ready), f"{look.oldest:.1f}",
        f"{look.commits:.0f}", f"{look.connections} ({look.active})", f"{look.longest_transaction:.1f}",
        f"{look.cpu_percent:.0f}", f"{look.memory_percent:.0f}", f"{look.disk_percent:.0f}",
    )  # fmt: skip


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _table(looks: list[Look]) -> Table:
    table = Table(*_columns())
    for look in looks:
        table.add_row(*_cells(look))
    return table


def _head(looks: list[tuple[Look, dict[str, float]]]) -> str:
    """Return the table as plain lines."""
    rows = [_columns(), *(_cells(look) for look, _strains in looks)]
    widths = [max(len(row[number]) for row in rows) for number in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
