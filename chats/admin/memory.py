"""What was brought from an earlier bot: threads of outside assistants, and the migrations with their proofs."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chats.admin.names import name_of
from chats.models import Contact, JsonStateBatch, Thread
from chats.services.json_state.batches import state_of
from chats.services.json_state.copies import copies_of
from chats.services.json_state.reading import GUESTS, THREADS
from chats.services.json_state.words import WORDS, counted
from tenants.admin_base import ReadOnly, RoleAdmin
from tenants.models import Role

MOST_PEOPLE: Final = 500
STATE_COLOURS: Final = {"done": "success", "cut off": "warning", "undone": "info"}


@admin.register(Thread)
class ThreadAdmin(ReadOnly, RoleAdmin):
    """Which thread of an outside assistant belongs to whom."""

    list_display = ("external_thread_id", "person", "is_active", "last_message_at", "created_at")
    list_filter = ("is_active",)
    list_select_related = ("contact",)
    search_fields = ("external_thread_id",)
    search_help_text = _("Search by the thread's id, or by the person's name or id in its channel")
    ordering = ("-id",)
    fields = ("external_thread_id", "person", "is_active", "last_message_at", "created_at", "updated_at")
    readonly_fields = ("person",)
    empty_text = _("There is no thread: migrate_json_state brings those of an earlier bot.")

    @display(description=_("person"))
    def person(self, thread: Thread) -> str:
        """Return a way to the contact."""
        url = reverse("admin:chats_contact_change", args=[thread.contact_id])
        return format_html('<a class="ch-link" href="{}">{}</a>', url, name_of(thread.contact))

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Find by the whole id of the thread, or by the person: each by an index, however many threads there are."""
        term = search_term.strip().replace("\x00", "")
        if not term:
            return queryset, False
        people = Contact.objects.filter(Q(external_id=term) | Q(name__icontains=term))
        found = list(people.values_list("pk", flat=True)[:MOST_PEOPLE])
        return queryset.filter(Q(external_thread_id=term) | Q(contact_id__in=found)), False


@admin.register(JsonStateBatch)
class JsonStateBatchAdmin(ReadOnly, RoleAdmin):
    """What each migration of JSON state did, and the proof that nothing was lost; undone by the command alone."""

    least_to_read = Role.ADMIN
    list_display = ("created_at", "state", "outcome", "proof", "undone_at")
    ordering = ("-created_at",)
    fields = readonly_fields = (
        "id", "created_at", "finished_at", "state_said", "outcome", "proof_said", "sha256_of_files",
        "sha256_of_database", "sources", "copies", "undone_at", "going_back",
    )  # fmt: skip
    empty_text = _("There is no migration: migrate_json_state brings the files of an earlier bot.")

    @display(description=_("state"), label=STATE_COLOURS)
    def state(self, batch: JsonStateBatch) -> tuple[str, str]:
        """Return how far it came, coloured."""
        state = state_of(batch)
        return state, str(WORDS[state])

    @display(description=_("counts"))
    def outcome(self, batch: JsonStateBatch) -> str:
        """Return how many rows of which kind were made, changed, put back."""
        return counted(batch.counts) or "–"

    @display(description=_("proof"), label={"whole": "success", "lost": "danger", "none": "warning"})
    def proof(self, batch: JsonStateBatch) -> tuple[str, str]:
        """Return what reading everybody again said."""
        proof = batch.counts.get("proof")
        if not proof:
            return "none", gettext("none")
        told = gettext("%(people)d people, %(lost)d with a loss, %(changed_since)d changed since")
        return "lost" if proof["lost"] else "whole", told % proof

    @display(description=_("state"))
    def state_said(self, batch: JsonStateBatch) -> str:
        """Return how far it came, for the page."""
        told: str = self.state(batch)[1]
        return told

    @display(description=_("proof"))
    def proof_said(self, batch: JsonStateBatch) -> str:
        """Return what reading everybody again said, for the page."""
        told: str = self.proof(batch)[1]
        return told

    @display(description=_("SHA-256 of the files"))
    def sources(self, batch: JsonStateBatch) -> str:
        """Return each file's digest as `sha256sum` prints it."""
        told = ((batch.threads_sha256, THREADS), (batch.guests_sha256, GUESTS))
        return format_html_join("", '<div class="ch-break">{}  {}</div>', (one for one in told if one[0])) or "–"

    @display(description=_("SHA-256 of what the files say"))
    def sha256_of_files(self, batch: JsonStateBatch) -> str:
        """Return the proof's digest over the files."""
        return _code(batch.counts.get("proof", {}).get("sha256_of_files", ""))

    @display(description=_("SHA-256 of what the database says"))
    def sha256_of_database(self, batch: JsonStateBatch) -> str:
        """Return the proof's digest over the database."""
        return _code(batch.counts.get("proof", {}).get("sha256_of_database", ""))

    @display(description=_("copies of the files"))
    def copies(self, batch: JsonStateBatch) -> str:
        """Return where the copies lie in the storage of files."""
        paths = copies_of(batch.pk)
        return format_html_join("", '<div class="ch-break">{}</div>', ((path,) for path in paths)) or "–"

    @display(description=_("going back"))
    def going_back(self, batch: JsonStateBatch) -> str:
        """Return the command that undoes the batch, which says first what somebody changed since."""
        return "–" if batch.undone_at else _code(f"manage.py migrate_json_state --rollback {batch.pk} --dry-run")


def _code(text: str) -> str:
    return format_html('<code class="ch-secret">{}</code>', text) if text else "–"
