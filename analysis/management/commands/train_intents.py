"""Learn a tenant's intents from its examples, its staff's corrections and a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.intents import NoExamplesError
from analysis.management.training import asked, read_or_refuse, watcher
from analysis.services.intent_files import BadExamplesError, add_examples, intents_named, read_label, with_examples
from analysis.services.intent_training import Learnt, UnknownIntentsError, keep, learn
from analysis.services.labelled_files import LabelledText
from analysis.services.training_data import IntentExamples
from tenants.management.base import TenantCommand
from tenants.scope import tenant_scope


class Command(TenantCommand):
    """See commands.md."""

    help = gettext_lazy(
        "Learn intents from examples and corrections, and tell how well texts are told that were held out."
    )  # type: ignore[assignment]
    changes_data = True
    one_tenant = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to learn from, what to measure on, and whether to use it."""
        super().add_arguments(parser)
        parser.add_argument(
            "--file", type=Path, help=_("CSV or JSON Lines with text and label: examples beside those that are there.")
        )
        parser.add_argument(
            "--evaluate", type=Path, metavar="FILE", help=_("Measure on this file, not on parts held out.")
        )
        parser.add_argument("--activate", action="store_true", help=_("Use what was learnt from now on."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Learn, tell the figures, then add the file's examples and use it."""
        tenant = self.tenant(options["tenant"])
        rows = read_or_refuse(options["file"], read_label) if options["file"] else []
        with tenant_scope(tenant):
            learnt = self._learn(_examples(rows), options)
            told = {"version": learnt.version, **learnt.figures()}
            in_use = not options["dry_run"] and (
                (options["activate"] and learnt.is_better) or asked(self, _figures(told), options)
            )
            if in_use:
                with transaction.atomic():
                    add_examples(rows)
                    keep(learnt)
        answer = {"tenant": tenant.name, **told, "in_use": in_use, "dry_run": options["dry_run"]}
        after = _("In use from now on.") if in_use else _("Nothing was stored.")
        self.result(answer, f"{_figures(told)}\n{after}", as_json=options["json"])
        if options["activate"] and not learnt.is_better:
            raise CommandError(_worse(learnt))

    def _learn(self, examples: IntentExamples, options: dict[str, Any]) -> Learnt:
        watch = watcher(self, _("intents"), silent=options["no_progress"])
        measured = read_or_refuse(options["evaluate"], read_label) if options["evaluate"] else None
        try:
            learnt = learn(examples, evaluation=None if measured is None else intents_named(measured), watch=watch)
        except NoExamplesError as error:
            raise CommandError(_("There is nothing to learn from: no intent in use has an example.")) from error
        except UnknownIntentsError as error:
            message = _("The file to measure on has intents without examples: %(names)s.")
            raise CommandError(message % {"names": error}) from error
        if learnt.scores.texts:
            return learnt
        if measured is not None:
            raise CommandError(_("The file to measure on has no text that is not learnt from."))
        raise CommandError(
            _("There are too few examples to hold any out: at least twelve are needed, two of an intent.")
        )


def _examples(rows: list[LabelledText]) -> IntentExamples:
    try:
        return with_examples(rows)
    except BadExamplesError as error:
        raise CommandError("\n".join(error.problems)) from error


def _worse(learnt: Learnt) -> str:
    if learnt.before is not None:
        return _("Not switched on, since what is in use tells these texts better.")
    return _("Not switched on, since always giving the commonest answer would be right more often.")


def _figures(told: dict[str, Any]) -> str:
    """Return the figures in words."""
    lines = [
        _("%(examples)s examples of %(intents)s intents, %(none_of_them)s of none of them.") % told,
        _("%(held_out)s unseen texts: %(correct)s of 100 were answered rightly.") % told,
    ]
    if told["right"] is not None:
        lines.append(
            _("With an intent: %(right)s of 100 were given it; regardless of how sure, %(right_regardless)s.") % told
        )
    if told["none_found"] is not None:
        lines.append(_("With none of them: %(none_found)s of 100 were given none.") % told)
    if told["before"] is not None:
        lines.append(_("What is in use answers %(before)s of 100 rightly.") % told)
    message = _("%(intent)s: %(right)s of %(texts)s, else mostly “%(taken_for)s”.")
    none = _("none of them")
    lines += ["  " + message % {**weak, "taken_for": weak["taken_for"] or none} for weak in told["weakest"]]
    return "\n".join(lines)
