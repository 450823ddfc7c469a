"""optimize_database: statistics, indexes, hanging sessions, slow statements (commands.md)."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.services import database_care, slow_statements
from tenants.access import Reach
from tenants.management.base import CharlaCommand

LOOK_SECONDS = 5.0
PARTS = ("analyze", "reindex", "slow_queries")


class Command(CharlaCommand):
    """Without options all of it; with some of them these alone."""

    charla_reach = Reach.INSTALLATION
    help = gettext_lazy(  # type: ignore[assignment]
        "Refresh the planner's statistics, rebuild bloated indexes, end transactions that hang, tell slow statements."
    )
    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the parts."""
        super().add_arguments(parser)
        parser.add_argument("--analyze", action="store_true", help=_("Statistics, dead rows and hanging transactions."))
        parser.add_argument("--reindex", action="store_true", help=_("Bloated and invalid indexes, beside who writes."))
        parser.add_argument("--slow-queries", action="store_true", help=_("The slowest statements with their plans."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the parts asked for, and say what was gained."""
        parts = [part for part in PARTS if options[part]] or list(PARTS)
        data = {part: getattr(self, f"_{part}")(options) for part in parts}
        lines = [line for part in parts for line in WORDS[part](data[part], dry_run=options["dry_run"])]
        self.result({"dry_run": options["dry_run"], **data}, "\n".join(lines), as_json=options["json"])
        failed = [row["name"] for row in data.get("reindex", {}).get("indexes", []) if row.get("error")]
        if failed:
            raise CommandError(_("These indexes could not be rebuilt: %(names)s.") % {"names": ", ".join(failed)})

    def _analyze(self, options: dict[str, Any]) -> dict[str, Any]:
        found, hanging = database_care.tables(), database_care.hanging()
        vacuumed = [table.name for table in found if table.wants_vacuum]
        ended = 0
        if not options["dry_run"]:
            steps = database_care.refresh_statistics(found)
            list(self.progress(steps, total=len(found), label="analyze", silent=options["no_progress"]))
            ended = database_care.end_hanging(hanging)
        return {
            "tables": len(found), "rows": sum(table.rows for table in found),
            "bytes": sum(table.size for table in found),
            "dead_rows": sum(table.dead for table in found), "vacuumed": vacuumed,
            "hanging": [asdict(each) for each in hanging], "ended": ended,
        }  # fmt: skip

    def _reindex(self, options: dict[str, Any]) -> dict[str, Any]:
        known = database_care.indexes()
        wanted = [index for index in known if index.wants_rebuilding]
        left_over = [index.name for index in known if index.is_left_over]
        if options["dry_run"]:
            rows = [{**asdict(index), "bloat": round(index.bloat, 2)} for index in wanted]
            return {"looked_at": len(known), "indexes": rows, "left_over": left_over}
        steps = database_care.rebuild(wanted)
        done = list(self.progress(steps, total=len(wanted), label="reindex", silent=options["no_progress"]))
        gained = sum(each.before - each.after for each in done)
        rows = [asdict(each) for each in done]
        return {"looked_at": len(known), "indexes": rows, "left_over": left_over, "gained": gained}

    def _slow_queries(self, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "kept_by_the_server": slow_statements.has_statements(),
            "statements": [asdict(each) for each in slow_statements.slow_statements(seconds=LOOK_SECONDS)],
        }


def _analyzed(told: dict[str, Any], *, dry_run: bool) -> Iterator[str]:
    size = {**told, "size": filesizeformat(told["bytes"])}
    if dry_run:
        yield _("Statistics: %(tables)s tables, %(rows)s rows, %(size)s; %(dead_rows)s rows are dead.") % size
    else:
        yield (
            _("Statistics: refreshed of %(tables)s tables, %(rows)s rows, %(size)s; %(dead_rows)s rows were dead.")
            % size
        )
    if told["vacuumed"]:
        yield "  " + _("with many dead rows: %(names)s") % {"names": ", ".join(told["vacuumed"])}
    yield _("Transactions that hang: %(count)s, ended: %(ended)s.") % {"count": len(told["hanging"]), **told}
    yield from (f"  {each['what']} {each['pid'] or ''} {each['who']}: {each['age']:.0f} s" for each in told["hanging"])


def _reindexed(told: dict[str, Any], *, dry_run: bool) -> Iterator[str]:
    yield from _rebuilt(told, dry_run=dry_run)
    if told["left_over"]:
        yield _("Left half made by an attempt that was stopped; the owner's role removes them:")
    yield from (f'  DROP INDEX CONCURRENTLY "{name}";' for name in told["left_over"])


def _rebuilt(told: dict[str, Any], *, dry_run: bool) -> Iterator[str]:
    count = {"looked_at": told["looked_at"], "count": len(told["indexes"])}
    if dry_run:
        yield _("Indexes: %(looked_at)s looked at, %(count)s to be rebuilt.") % count
        rows = told["indexes"]
        yield from (f"  {row['name']}: {filesizeformat(row['size'])}, {row['bloat']:.0%}" for row in rows)
        return
    gained = filesizeformat(told["gained"])
    yield _("Indexes: %(looked_at)s looked at, %(count)s rebuilt, %(gained)s gained.") % {**count, "gained": gained}
    for row in told["indexes"]:
        sizes = f"{filesizeformat(row['before'])} → {filesizeformat(row['after'])}"
        yield f"  {row['name']}: {row['error'] or sizes}"


def _slowest(told: dict[str, Any], *, dry_run: bool) -> Iterator[str]:
    if told["kept_by_the_server"]:
        yield _("The statements that took most of the server's time:")
    else:
        yield _("The server keeps no figures (pg_stat_statements): what ran longer than 100 ms in the last seconds:")
    if not told["statements"]:
        yield "  " + _("none")
    for row in told["statements"]:
        yield f"  {row['total']:9.2f} s  {row['calls']:>7} ×  {row['mean'] * 1000:9.1f} ms  {row['text']}"
        yield from (f"      {line}" for line in row["plan"].splitlines())


WORDS = {"analyze": _analyzed, "reindex": _reindexed, "slow_queries": _slowest}
