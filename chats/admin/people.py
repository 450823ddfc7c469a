"""Contacts, and the channels through which they write."""

from collections.abc import Sequence
from typing import Any, Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from chats.admin.names import initials, name_of
from chats.models import Channel, ChannelKind, ChatModel, Contact
from chats.services.erasing import ask_to_erase, key_of
from chats.services.exporting import export_person
from chats.tasks import erase_person
from tenants.admin_base import RoleAdmin, has_rank, tell
from tenants.commits import call_after_commit
from tenants.models import Role, User

MOST_AT_ONCE: Final = 100


@admin.register(Contact)
class ContactAdmin(RoleAdmin):
    """People who write."""

    resource = "contacts"
    list_display = ("person", "channel", "email", "language", "last_activity")
    list_filter = ("channel", "language")
    search_fields = ("name", "external_id", "email")
    ordering = ("-last_activity",)
    readonly_fields = ("channel", "external_id", "conversations", "created_at", "last_activity", "anonymized_at")
    fieldsets = (
        (None, {"fields": ("name", "email", "language", "labels")}),
        (_("In its channel"), {"fields": ("channel", "external_id", "chat_address")}),
        (_("Conversations"), {"fields": ("conversations", "created_at", "last_activity", "anonymized_at")}),
    )
    actions = ("anonymize",)
    actions_detail = ("give_out", "anonymize_one")

    def has_erase_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may erase people and give out all that is known of one: an administrator."""
        return has_rank(request, Role.ADMIN)

    @admin.action(description=_("Anonymise for good"), permissions=["erase"])
    def anonymize(self, request: HttpRequest, queryset: "QuerySet[Contact]") -> HttpResponse | None:
        """Ask whether that is meant, then have the chosen people erased; the receipts are in the API and the audit."""
        people = list(queryset.filter(anonymized_at__isnull=True)[:MOST_AT_ONCE])
        if "confirmed" not in request.POST:
            return self._ask(request, people)
        for contact in people:
            by = request.user.pk if isinstance(request.user, User) else None
            call_after_commit(erase_person.delay, key_of(ask_to_erase(contact, by=by)))
        messages.success(request, gettext("People who are being anonymised: %(count)s.") % {"count": len(people)})
        return None

    @action(
        description=_("Anonymise for good"), url_path="anonymize", icon="person_off", permissions=["erase"],
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def anonymize_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whether that is meant."""
        contact = self._contact(request, object_id)
        return self._ask(request, [] if contact.anonymized_at else [contact])

    @action(description=_("Give out the data"), url_path="export", icon="download", permissions=["erase"])
    def give_out(self, request: HttpRequest, object_id: str) -> FileResponse:
        """Give out all that is stored of a person, as the API does: a ZIP with `person.json` and the files."""
        contact = self._contact(request, object_id)
        tell(request, "contact_exported", contact)
        name = f"contact-{contact.pk}.zip"
        return FileResponse(export_person(contact), as_attachment=True, filename=name, content_type="application/zip")

    def _contact(self, request: HttpRequest, object_id: str) -> Contact:
        contact = self.get_object(request, object_id)
        if not isinstance(contact, Contact):
            raise Http404
        return contact

    def _ask(self, request: HttpRequest, people: Sequence[Contact]) -> HttpResponse:
        """Return the page that says what goes and what stays; without anybody left, go back and say so."""
        if not people:
            messages.info(request, gettext("Nobody was chosen who is not anonymised already."))
            return HttpResponseRedirect(reverse("admin:chats_contact_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "people": people,
            "chats": ChatModel.objects.filter(contact__in=people).count(),
            "title": gettext("Anonymise for good"),
        }
        return TemplateResponse(request, "chats/admin/anonymize.html", context)

    @display(description=_("person"), ordering="name", header=True)
    def person(self, contact: Contact) -> list[str]:
        """Return the name, the id in its channel, and initials for the picture."""
        name = name_of(contact)
        return [name, contact.external_id[:40], initials(name)]

    @display(description=_("conversations"))
    def conversations(self, contact: Contact) -> str:
        """Return a way to the person's conversations."""
        url = f"{reverse('admin:chats_chatmodel_changelist')}?contact__id__exact={contact.pk}"
        return format_html('<a class="ch-link" href="{}">{}</a>', url, gettext("Show conversations"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: whoever writes becomes a contact."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody here: erasing a person is more than a row."""
        return False


@admin.register(Channel)
class ChannelAdmin(RoleAdmin):
    """The tenant's doors, with the line that puts the widget on a page."""

    least_to_read = least_to_write = Role.ADMIN
    list_display = ("name", "kind", "publishable_key", "is_active", "created_at")
    list_filter = ("kind", "is_active")
    search_fields = ("name",)
    ordering = ("name",)
    readonly_fields = ("publishable_key", "embedding", "secret", "created_at")
    fields = ("name", "kind", "is_active", "publishable_key", "embedding", "secret", "settings", "created_at")

    @display(description=_("on your page"))
    def embedding(self, channel: Channel) -> str:
        """Return the line of HTML that shows the widget."""
        if channel.kind != ChannelKind.WEB or not channel.pk:
            return "–"
        line = f'<script src="https://HOST/static/chats/widget.js" data-key="{channel.publishable_key}" async></script>'
        return format_html('<code class="ch-secret">{}</code>', line)

    @display(description=_("widget secret"))
    def secret(self, channel: Channel) -> str:
        """Return what the tenant's own server proves visitors' identities with (api.md, "Widget")."""
        if channel.kind != ChannelKind.WEB or not channel.pk:
            return "–"
        return format_html('<code class="ch-secret">{}</code>', channel.widget_secret)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a channel is switched off."""
        return False
