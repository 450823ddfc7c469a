"""The base of commands that validate: which validators, in which tenants, mended or not; exit status 1 for findings."""

from abc import abstractmethod
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from metrics.services.validating import Verdict, validate
from tenants.management.base import TenantCommand
from tenants.scope import tenant_scope

INSTALLATION = "installation"


class ValidationCommand(TenantCommand):
    """Finds what is wrong; changes nothing without `--fix-issues`."""

    changes_data = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add `--fix-issues`."""
        super().add_arguments(parser)
        parser.add_argument("--fix-issues", action="store_true", help=_("Mend what can be mended safely."))

    def execute(self, *args: Any, **options: Any) -> Any:
        """Run; without `--fix-issues` as a dry run, which leaves nothing in the audit log."""
        options["dry_run"] = options["dry_run"] or not options["fix_issues"]
        return super().execute(*args, **options)

    @abstractmethod
    def names(self, options: dict[str, Any]) -> list[str]:
        """Return the validators of tenants' rows that are asked for."""

    def installations(self, options: dict[str, Any]) -> list[str]:
        """Return those of the installation's rows."""
        return []

    def handle(self, *args: Any, **options: Any) -> None:
        """Validate, say what was found, and fail where something is wrong still."""
        found = {name: verdicts for name, verdicts in self._verdicts(options) if verdicts}
        data = {
            "fixed": not options["dry_run"],
            "tenants": {name: [_data(each) for each in verdicts] for name, verdicts in found.items()},
        }
        self.result(data, "\n".join(_lines(found)), as_json=options["json"])
        left = sum(each.left for verdicts in found.values() for each in verdicts)
        broken = [each.name for verdicts in found.values() for each in verdicts if each.error]
        if broken:
            raise CommandError(_("These checks could not be made: %(names)s.") % {"names": ", ".join(broken)})
        if left:
            raise CommandError(_("Rows in which something is wrong: %(count)s.") % {"count": left})

    def _verdicts(self, options: dict[str, Any]) -> Iterator[tuple[str, list[Verdict]]]:
        if options["tenant"] == "all" and (names := self.installations(options)):
            yield INSTALLATION, self._run(INSTALLATION, names, options)
        for tenant in self.tenants(options):
            with tenant_scope(tenant):
                yield tenant.name, self._run(tenant.name, self.names(options), options)

    def _run(self, label: str, names: list[str], options: dict[str, Any]) -> list[Verdict]:
        steps = validate(names, fix=not options["dry_run"])
        return list(self.progress(steps, total=len(names), label=label, silent=options["no_progress"]))


def _data(verdict: Verdict) -> dict[str, Any]:
    return {**asdict(verdict), "left": verdict.left}


def _lines(found: dict[str, list[Verdict]]) -> Iterator[str]:
    for name, verdicts in found.items():
        wrong = [each for each in verdicts if each.found or each.error]
        rows = max((each.looked_at for each in verdicts), default=0)
        told = {"tenant": name, "checks": len(verdicts), "wrong": len(wrong), "rows": rows}
        yield _("%(tenant)s: %(checks)s checks, %(wrong)s with findings.") % told
        yield from (f"  {line}" for each in wrong for line in _told(each))


def _told(verdict: Verdict) -> Iterator[str]:
    if verdict.error:
        yield f"{verdict.name}: {verdict.error}"
        return
    words = _("%(name)s: %(found)s %(says)s; %(mended)s mended, %(left)s left.")
    yield words % {"name": verdict.name, "found": verdict.found, "says": verdict.says, "mended": verdict.mended,
                   "left": verdict.left}  # fmt: skip
    yield "  " + ", ".join(verdict.rows) + (" …" if verdict.found > len(verdict.rows) else "")
