"""Conversations: a list to find them, and a page on which one is read and answered."""

from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from chats.admin import transcript
from chats.admin.names import initials, person_of
from chats.media_answers import file_answer, wanted_range
from chats.models import ChatModel, ChatStatus, MediaContentModel
from chats.services import lifecycle
from chats.services.errors import ChatError
from chats.services.searching import chats_found
from tenants.admin_base import RoleAdmin, has_rank, tell
from tenants.models import Role, User

MOST_FOUND: Final = 500
STATUS_COLOURS: Final = {
    ChatStatus.ACTIVE: "success",
    ChatStatus.WAITING: "warning",
    ChatStatus.COMPLETED: "info",
    ChatStatus.ARCHIVED: "primary",
    ChatStatus.DELETED: "danger",
}


class AssignedFilter(admin.SimpleListFilter):
    """Mine, somebody's, nobody's."""

    title = _("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("me", _("me")), ("somebody", _("somebody")), ("nobody", _("nobody"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        """Return the chats of the choice."""
        if self.value() == "me":
            return queryset.filter(assigned_to=request.user.pk)
        if self.value() in {"somebody", "nobody"}:
            return queryset.filter(assigned_to__isnull=self.value() == "nobody")
        return queryset


@admin.register(ChatModel)
class ChatAdmin(RoleAdmin):
    """The staff's inbox. What a page changes goes through the same services as the API."""

    resource = "chats"
    list_display = ("person", "subject", "status_label", "agent", "assigned", "message_count", "last_activity")
    list_filter = ("status", "agent", "channel", AssignedFilter)
    list_select_related = ("contact", "agent", "assigned_to")
    search_fields = ("title",)  # that there is a search; what it looks for says get_search_results
    search_help_text = _("Search by words of the messages, title, person or number of the chat")
    ordering = ("-last_activity",)
    actions = ("assign_to_me", "complete", "archive")
    list_fullwidth = True

    @display(description=_("person"), header=True)
    def person(self, chat: ChatModel) -> list[str]:
        """Return who writes, with the channel beneath, and initials for the picture."""
        name = person_of(chat)
        return [name, chat.get_channel_display(), initials(name)]

    @display(description=_("title"), ordering="title")
    def subject(self, chat: ChatModel) -> str:
        """Return the title, or a dash; one that is encrypted is read in the conversation, which is audited."""
        return gettext("encrypted") if chat.title_is_encrypted else chat.title or "–"

    @display(description=_("status"), ordering="status", label=STATUS_COLOURS)
    def status_label(self, chat: ChatModel) -> tuple[str, str]:
        """Return the status, coloured."""
        return chat.status, chat.get_status_display()

    @display(description=_("assigned to"), ordering="assigned_to")
    def assigned(self, chat: ChatModel) -> str:
        """Return who of the staff has the chat."""
        return chat.assigned_to.get_short_name() if chat.assigned_to else "–"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Leave deleted chats out, unless an administrator asks for them (decision 22)."""
        rows: QuerySet[Any] = super().get_queryset(request)
        asks = request.GET.get("status__exact") == ChatStatus.DELETED and has_rank(request, Role.ADMIN)
        return rows if asks else rows.exclude(status=ChatStatus.DELETED)

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        """Find by the person, and by what was said as the API does; sealed messages too."""
        wanted = search_term.strip()
        return (chats_found(queryset, wanted, MOST_FOUND) if wanted else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody: people begin conversations."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody for good: retention and erasure do."""
        return False

    def get_urls(self) -> list[Any]:
        """Add the pages of one conversation."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/messages/", wrap(self.new_messages), name="chats_chatmodel_messages"),
            path("<int:pk>/reply/", wrap(self.reply), name="chats_chatmodel_reply"),
            path("<int:pk>/media/<uuid:media_id>/", wrap(self.media_file), name="chats_chatmodel_media"),
            path("<int:pk>/media/<uuid:media_id>/small/", wrap(self.thumbnail), name="chats_chatmodel_thumbnail"),
            path("<int:pk>/act/", wrap(self.act), name="chats_chatmodel_act"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the conversation."""
        chat = self.get_object(request, object_id)
        if not isinstance(chat, ChatModel):
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        return transcript.page(self, request, chat)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a chat with what its page shows beside it, in one query."""
        if not object_id.isdecimal() or not self.has_view_permission(request):
            return None
        rows = self.get_queryset(request).select_related("contact", "agent", "assigned_to", "tenant")
        return rows.filter(pk=int(object_id)).first() if len(object_id) < 19 else None

    def _chat_to_change(self, request: HttpRequest, pk: int) -> ChatModel | None:
        if request.method != "POST" or not self.has_change_permission(request):
            raise PermissionDenied
        chat: ChatModel | None = self.get_object(request, str(pk))
        return chat

    def new_messages(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Return what came after a sequence, as a part of the page; 204 when nothing did."""
        chat = self.get_object(request, str(pk))
        after = request.GET.get("after", "")
        if chat is None or not after.isdecimal() or len(after) > 9:
            return HttpResponse(status=404)
        return transcript.part(request, chat, after=int(after))

    def media_file(self, request: HttpRequest, pk: int, media_id: UUID) -> FileResponse:
        """Return a file of the conversation, to be kept."""
        return file_answer(self._media(request, pk, media_id), wanted=wanted_range(request))

    def thumbnail(self, request: HttpRequest, pk: int, media_id: UUID) -> FileResponse:
        """Return the small picture of a picture."""
        return file_answer(self._media(request, pk, media_id), thumbnail=True)

    def _media(self, request: HttpRequest, pk: int, media_id: UUID) -> MediaContentModel:
        chat = self.get_object(request, str(pk))
        row: MediaContentModel | None = chat.media.filter(pk=media_id).first() if chat is not None else None
        if row is None:
            raise Http404
        return row

    def reply(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Post what the person of the staff wrote."""
        chat = self._chat_to_change(request, pk)
        if chat is None:
            return HttpResponse(status=404)
        try:
            transcript.post_reply(chat, _staff(request), request.POST, request.FILES.getlist("file"))
        except ChatError as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(f"{reverse('admin:chats_chatmodel_change', args=[pk])}#end")

    def act(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Bring the conversation into another state."""
        chat = self._chat_to_change(request, pk)
        if chat is None:
            return HttpResponse(status=404)
        self._do(request, chat, request.POST.get("action", ""))
        return HttpResponseRedirect(reverse("admin:chats_chatmodel_change", args=[pk]))

    def _do(self, request: HttpRequest, chat: ChatModel, name: str) -> bool:
        if name not in {"assign", "release", "complete", "archive", "reopen"}:
            raise PermissionDenied
        arguments = {"user": _staff(request)} if name == "assign" else {}
        try:
            getattr(lifecycle, name)(chat_id=chat.chat_id, **arguments)
        except ChatError as error:
            messages.error(request, f"{chat}: {error}")
            return False
        tell(request, f"chat_{name}", chat)
        return True

    def _do_to_all(self, request: HttpRequest, queryset: "QuerySet[Any]", name: str) -> None:
        done = sum(self._do(request, chat, name) for chat in queryset)
        messages.success(request, gettext("Conversations changed: %(count)s.") % {"count": done})

    @admin.action(description=_("Assign to me"), permissions=["change"])
    def assign_to_me(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Take the chosen conversations over."""
        self._do_to_all(request, queryset, "assign")

    @admin.action(description=_("Complete"), permissions=["change"])
    def complete(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Mark the chosen conversations as done."""
        self._do_to_all(request, queryset, "complete")

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Close the chosen conversations."""
        self._do_to_all(request, queryset, "archive")


def _staff(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
