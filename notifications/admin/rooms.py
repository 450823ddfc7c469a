"""Rooms of the team in Slack and Teams: the address goes in and is never shown again."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from notifications.models import NotificationType, Room, RoomMessage
from notifications.outgoing import OutgoingRefusedError, check_url
from notifications.services.room_trials import try_room
from notifications.services.rooms import set_url
from tenants.admin_base import RoleAdmin
from tenants.models import Role


class RoomForm(forms.ModelForm):  # type: ignore[type-arg]
    """A room; an empty address keeps the one that is sealed."""

    url = forms.CharField(
        label=_("Address of the incoming webhook"),
        max_length=2000,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("It is a secret and is not shown again. Leave it empty to keep the one there is."),
    )
    types = forms.MultipleChoiceField(
        label=_("What this room is told"),
        choices=NotificationType.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Room
        fields = ("kind", "name", "types", "is_active")

    def clean_url(self) -> str:
        """Ask for an address where there is none, and refuse one that could never be called."""
        url: str = self.cleaned_data["url"]
        if not url and self.instance._state.adding:
            raise ValidationError(gettext("Give the address of the room's incoming webhook."), code="required")
        try:
            if url:
                check_url(url)
        except OutgoingRefusedError as error:
            raise ValidationError(gettext("This address cannot be called.")) from error
        return url


@admin.register(Room)
class RoomAdmin(RoleAdmin):
    """Where a team talks."""

    resource = "webhooks"
    least_to_read = Role.ADMIN
    form = RoomForm
    fields = ("kind", "name", "url", "types", "is_active")
    list_display = ("name", "kind", "is_active", "last_error")
    ordering = ("name",)
    actions = ("send_trial",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show what the room last answered."""
        return ["last_error"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Show what the room last answered, beside what is asked."""
        return [*self.fields, *self.get_readonly_fields(request, obj)]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Store the room with its address sealed under its id."""
        if not change:
            obj.pk = uuid4()
        if form.cleaned_data["url"]:
            set_url(obj, form.cleaned_data["url"])
        obj.save(force_insert=not change)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Name the rooms alone: what they were told goes with them."""
        return [str(obj) for obj in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    @admin.action(description=_("Send a trial"), permissions=["change"])
    def send_trial(self, request: HttpRequest, queryset: "QuerySet[Room]") -> None:
        """Send each room a trial."""
        waiting: list[RoomMessage] = [try_room(room) for room in queryset.filter(is_active=True)]
        if waiting:
            messages.success(request, gettext("The trial is on its way; look at the room, and here for an error."))
        else:
            messages.error(request, gettext("The room is switched off."))
