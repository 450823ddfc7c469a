"""Learn to tell moods from labelled text or from the staff's corrections."""

from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analysis.management.training import asked, read_or_refuse, watcher
from analysis.sentiment import Labelled, TooFewExamplesError
from analysis.services.labelled_files import LabelledText
from analysis.services.sentiment_training import (
    LANGUAGES,
    Learnt,
    NothingUnseenError,
    by_language,
    corrected_texts,
    keep,
    learn,
    read_sentiment,
)
from tenants.management.base import TenantCommand
from tenants.models import TenantModel
from tenants.scope import tenant_scope


class Command(TenantCommand):
    """See commands.md."""

    help = gettext_lazy(
        "Learn moods from labelled text or from the staff's corrections, and tell how well unseen text is read."
    )  # type: ignore[assignment]
    changes_data = True
    one_tenant = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what to learn from, what to measure on, and whether to use it."""
        super().add_arguments(parser)
        parser.add_argument("--file", type=Path, help=_("CSV or JSON Lines with text and label; else corrections."))
        parser.add_argument(
            "--evaluate", type=Path, metavar="FILE", help=_("Measure on this file, not on parts held out.")
        )
        parser.add_argument("--language", choices=LANGUAGES, default="", help=_("The language of all texts."))
        parser.add_argument("--activate", action="store_true", help=_("Use what was learnt from now on."))

    def handle(self, *args: Any, **options: Any) -> None:
        """Learn each language, tell the figures, then store."""
        tenant = None if options["file"] and not options["tenant"] else self.tenant(options["tenant"])
        with tenant_scope(tenant) if tenant else nullcontext():
            rows = read_or_refuse(options["file"], read_sentiment) if options["file"] else list(corrected_texts())
            learnt = self._learn(rows, options)
            told = [self._stored(one, tenant, options) for one in learnt]
        answer = {"tenant": tenant.name if tenant else None, "models": told, "dry_run": options["dry_run"]}
        self.result(answer, "\n".join(_line(one) for one in told), as_json=options["json"])
        if worse := [one.language for one in learnt if options["activate"] and not one.is_better]:
            message = _("Not switched on, since the word lists read unseen text better: %(languages)s.")
            raise CommandError(message % {"languages": ", ".join(worse)})

    def _learn(self, rows: list[LabelledText], options: dict[str, Any]) -> list[Learnt]:
        texts, others = by_language(rows, options["language"])
        if others:
            self.say(_("%(count)s texts are in neither Spanish nor English.") % {"count": others})
        if not texts:
            raise CommandError(_("There is nothing to learn from: no corrections, or no text in a known language."))
        unseen = (
            by_language(read_or_refuse(options["evaluate"], read_sentiment), options["language"])[0]
            if options["evaluate"]
            else None
        )
        return [self._language(language, found, unseen, options) for language, found in texts.items()]

    def _language(
        self, language: str, texts: list[Labelled], unseen: dict[str, list[Labelled]] | None, options: dict[str, Any]
    ) -> Learnt:
        watch = watcher(self, language, silent=options["no_progress"])
        try:
            return learn(texts, language, evaluation=None if unseen is None else unseen.get(language, []), watch=watch)
        except TooFewExamplesError as error:
            message = _("%(language)s: at least five texts of each sentiment are needed, more for figures: %(counts)s.")
            raise CommandError(message % {"language": language, "counts": error}) from error
        except NothingUnseenError as error:
            message = _("%(language)s: the file to measure on has no text that is not learnt from.")
            raise CommandError(message % {"language": language}) from error

    def _stored(self, learnt: Learnt, tenant: TenantModel | None, options: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {"language": learnt.language, "version": learnt.version, **learnt.figures()}
        if options["dry_run"]:
            return {**told, "id": None, "in_use": False}
        in_use = (options["activate"] and learnt.is_better) or asked(self, _figures(told), options)
        model = keep(learnt, activate=in_use, shared=tenant is None)
        return {**told, "id": str(model.pk), "in_use": in_use}


def _figures(told: dict[str, Any]) -> str:
    return _("%(language)s: %(macro_f1)s of 100 (macro-F1) on %(held_out)s unseen texts; word lists: %(lists)s.") % {
        **told, "lists": told["word_lists_macro_f1"],
    }  # fmt: skip


def _line(told: dict[str, Any]) -> str:
    if told["in_use"]:
        return _figures(told) + " " + _("In use from now on.")
    return _figures(told) + " " + (_("Stored, not in use.") if told["id"] else _("Nothing was stored."))
