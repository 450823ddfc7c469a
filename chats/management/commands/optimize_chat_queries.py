"""optimize_chat_queries: plans of the hot queries on today's data; missing and unused indexes (commands.md)."""

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chats.services.hot_queries import largest_tenant, plans, tables_read_whole, unused_indexes
from tenants.management.base import TenantCommand


class Command(TenantCommand):
    """See chats/services/hot_queries.py."""

    help = gettext_lazy("Time the queries that people wait for, and name indexes that are missing or unused.")  # type: ignore[assignment]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--explain`."""
        super().add_arguments(parser)
        parser.add_argument("--explain", action="store_true", help=_("Show each query's plan."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Look at the tenant named, else at the one with most conversations; exit status 1 where a query is slow."""
        tenant = largest_tenant() if options["tenant"] == "all" else self.tenant(options["tenant"])
        found = plans(tenant) if tenant else []
        data: dict[str, Any] = {
            "tenant": tenant.name if tenant else None,
            "queries": [{**asdict(plan), "is_slow": plan.is_slow} for plan in found],
        }
        if options["tenant"] == "all":
            data |= {"unused_indexes": unused_indexes(), "tables_read_whole": tables_read_whole()}
        self.result(data, "\n".join(_words(data, explain=options["explain"])), as_json=options["json"])
        if slow := [plan.query for plan in found if plan.is_slow]:
            raise CommandError(_("Slow: %(names)s.") % {"names": ", ".join(slow)})


def _words(data: dict[str, Any], *, explain: bool) -> Iterator[str]:
    yield _("Queries that people wait for, on the data of %(tenant)s") % {"tenant": data["tenant"] or "–"}
    for row in data["queries"]:
        whole = _("reads %(tables)s whole") % {"tables": ", ".join(row["whole_tables"])} if row["whole_tables"] else ""
        yield f"  {row['query']:<26}{row['milliseconds']:9.2f} ms  {whole}".rstrip()
        if explain:
            yield from (f"      {line}" for line in row["text"].splitlines())
    for row in data.get("unused_indexes", []):
        told = {"index": row["index"], "table": row["table"], "size": filesizeformat(row["bytes"])}
        yield _("Unused since the server's figures began: %(index)s of %(table)s, %(size)s") % told
    for row in data.get("tables_read_whole", []):
        yield _("Read whole %(times)s times, %(rows_each)s rows each: %(table)s") % row
