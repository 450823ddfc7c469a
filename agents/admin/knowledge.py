"""Knowledge: bases, documents and the passages that the search finds."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from agents.models import KnowledgeBase, KnowledgeChunk, KnowledgeDocument, KnowledgeStatistics
from agents.services.documents import Entry, rewrite
from agents.services.language import guess_language
from agents.services.retrieval import Passage, search
from tenants.admin_base import ReadOnly, RoleAdmin, has_rank
from tenants.models import Role

MOST_FOUND = 50


def found_by(term: str) -> list[Passage]:
    """Return what the agents' own search finds, best first."""
    return search(query=term, limit=MOST_FOUND, language=guess_language(term))


def best_first(rows: "QuerySet[Any]", keys: Sequence[Any]) -> "QuerySet[Any]":
    """Return the rows with these keys, in their order."""
    places = [When(pk=key, then=Value(place)) for place, key in enumerate(keys)]
    return rows.filter(pk__in=keys).order_by(Case(*places, output_field=IntegerField(), default=Value(len(keys))))


@admin.register(KnowledgeBase)
class KnowledgeBaseAdmin(RoleAdmin):
    """Collections of documents."""

    resource = "knowledge-bases"
    list_display = ("name", "language", "passages", "documents", "updated_at")
    list_filter = ("language",)
    search_fields = ("name", "description")
    ordering = ("name",)
    fields = ("name", "description", "language")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Return the bases with how many passages they have, from the figures that triggers keep."""
        own = KnowledgeStatistics.objects.filter(base=OuterRef("pk")).values("base")
        count = Subquery(own.annotate(total=Sum("chunks")).values("total"))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(chunks=count)
        return rows

    @display(description=_("passages"), ordering="chunks")
    def passages(self, base: Any) -> int:
        """Return how many passages the search can find."""
        return base.chunks or 0

    @display(description=_("documents"))
    def documents(self, base: KnowledgeBase) -> str:
        """Return a way to the base's documents."""
        url = f"{reverse('admin:agents_knowledgedocument_changelist')}?base__id__exact={base.pk}"
        return format_html('<a class="ch-link" href="{}">{}</a>', url, gettext("Show documents"))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Ask before a base is deleted, without listing all that is in it: it may hold a hundred thousand passages."""
        return [str(base) for base in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []


class DocumentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A document; two with one title cannot be told apart in a base."""

    class Meta:
        model = KnowledgeDocument
        fields = ("base", "title", "content", "source", "language", "metadata")

    def clean(self) -> dict[str, Any]:
        """Refuse a second document of the same identity."""
        values = super().clean() or {}
        if self.instance._state.adding and {"base", "title", "content"} <= values.keys():
            key = Entry(values["title"], values["content"], values.get("source", "")).identity
            if KnowledgeDocument.objects.filter(base=values["base"], key=key).exists():
                raise ValidationError({"title": gettext("The base has a document with this title already.")})
        return values


class PassageInline(TabularInline):
    """A document's passages, to be looked at."""

    model = KnowledgeChunk
    fields = readonly_fields = ("position", "heading", "content", "language")
    ordering = ("position",)
    extra = 0
    per_page = 20
    show_change_link = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may look."""
        return has_rank(request, Role.VIEWER)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody writes passages: they are cut from the document."""
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(KnowledgeDocument)
class KnowledgeDocumentAdmin(RoleAdmin):
    """What there is to know. The search box finds what an agent would find."""

    resource = "knowledge-bases"
    form = DocumentForm
    list_display = ("subject", "base", "language", "status_label", "source", "updated_at")
    list_filter = ("base", "language", "status")
    list_select_related = ("base",)
    search_fields = ("title",)
    search_help_text = _("Ask as a person would")
    ordering = ("-id",)
    inlines = (PassageInline,)
    fields = ("base", "title", "content", "source", "language", "metadata")

    @display(description=_("title or question"), ordering="title")
    def subject(self, document: KnowledgeDocument) -> str:
        """Return the title, or how the content begins."""
        return Truncator(str(document)).chars(80)

    @display(description=_("status"), ordering="status", label={"ready": "success", "failed": "danger"})
    def status_label(self, document: KnowledgeDocument) -> tuple[str, str]:
        """Return the status, coloured."""
        return document.status, document.get_status_display()

    def get_inlines(self, request: HttpRequest, obj: Any) -> tuple[Any, ...]:
        """Show the passages of a document that there is."""
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep a document in its base."""
        return ("base",) if obj else ()

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Find by the agents' own search; by the title where that finds nothing."""
        if not search_term:
            return queryset, False
        if passages := found_by(search_term):
            return best_first(queryset, [passage.document_id for passage in passages]), False
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store the document and cut its passages anew."""
        rewrite(obj)


@admin.register(KnowledgeChunk)
class KnowledgeChunkAdmin(ReadOnly, RoleAdmin):
    """Passages as the search finds them, best first."""

    resource = "knowledge-bases"
    list_display = ("place", "shown_content", "base", "language")
    list_filter = ("base", "language")
    list_select_related = ("base", "document")
    search_fields = ("heading",)
    search_help_text = _("Ask as a person would")
    ordering = ("-id",)
    fields = ("document", "base", "position", "heading", "content", "language", "heading_words", "content_words")

    @display(description=_("passage"))
    def place(self, chunk: KnowledgeChunk) -> str:
        """Return the document's title and the passage's place in it."""
        return f"{Truncator(chunk.heading or chunk.content).chars(70)} · {chunk.position + 1}"

    @display(description=_("content"))
    def shown_content(self, chunk: KnowledgeChunk) -> str:
        """Return how the passage begins."""
        return Truncator(chunk.content).chars(140)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Leave out what is for machines."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("search_vector", "embedding")

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Find by the agents' own search."""
        if not search_term:
            return queryset, False
        return best_first(queryset, [passage.chunk_id for passage in found_by(search_term)]), False
