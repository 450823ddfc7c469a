"""What a person was told: the bell's list, the page of all of it, and the choice of how to be told."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from notifications.models import Digest, Notification, NotificationType, OutsideChannel
from notifications.services import reading
from notifications.services.links import path_of
from tenants.admin_base import ReadOnly, RoleAdmin
from tenants.models import User

SHOWN_BY_THE_BELL = 8
NEXT = "admin:notifications_notification_changelist"


class PreferenceForm(forms.Form):
    """A switch and a rhythm for each type of notification."""

    def __init__(self, *args: Any, preferences: list[reading.Preference], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in preferences:
            name = each.notification_type
            label = NotificationType(name).label
            self.fields[f"email_{name}"] = forms.BooleanField(
                label=label,
                required=False,
                widget=UnfoldBooleanSwitchWidget,
                initial=OutsideChannel.EMAIL in each.channels,
            )
            self.fields[f"digest_{name}"] = forms.ChoiceField(
                label=_("When"), choices=Digest.choices, widget=UnfoldAdminSelectWidget, initial=each.digest
            )

    def rows(self) -> list[tuple[Any, Any]]:
        """Return each type's switch with its rhythm."""
        return [(self[f"email_{name}"], self[f"digest_{name}"]) for name in NotificationType.values]

    def chosen(self) -> list[reading.Preference]:
        """Return what was chosen."""
        given = self.cleaned_data
        return [
            reading.Preference(
                notification_type=name,
                channels=[OutsideChannel.EMAIL.value] if given[f"email_{name}"] else [],
                digest=given[f"digest_{name}"],
            )
            for name in NotificationType.values
        ]


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@admin.register(Notification)
class NotificationAdmin(ReadOnly, RoleAdmin):
    """One's own notifications in the tenant that is shown; nobody sees another's."""

    list_display = ("said", "notification_type", "is_read", "created_at")
    list_display_links = None
    list_filter = ("notification_type", ("read_at", admin.EmptyFieldListFilter))
    ordering = ("-created_at",)
    fields = ("said", "notification_type", "read_at", "created_at")
    actions = ("mark_as_read",)
    list_before_template = "notifications/admin/before_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        """Return the person's own."""
        own: QuerySet[Notification] = super().get_queryset(request)
        return own.filter(recipient_id=_person(request).pk)

    def get_urls(self) -> list[Any]:
        """Add the bell's list, the way to what a notification is about, and the preferences."""
        wrap = self.admin_site.admin_view
        return [
            path("bell/", wrap(self.bell), name="notifications_bell"),
            path("read/", wrap(require_POST(self.read_all)), name="notifications_read_all"),
            path("preferences/", wrap(self.preferences), name="notifications_preferences"),
            path("<uuid:notification_id>/open/", wrap(self.follow), name="notifications_open"),
            *super().get_urls(),
        ]

    @display(description=_("message"))
    def said(self, notification: Notification) -> str:
        """Return the message as a link to what it is about."""
        url = reverse("admin:notifications_open", args=[notification.pk])
        return format_html('<a class="ch-link" href="{}">{}</a>', url, notification.text)

    @display(description=_("read"), boolean=True)
    def is_read(self, notification: Notification) -> bool:
        """Return whether it was read."""
        return notification.read_at is not None

    @admin.action(description=_("Mark as read"), permissions=["view"])
    def mark_as_read(self, request: HttpRequest, queryset: "QuerySet[Notification]") -> None:
        """Mark those as read."""
        reading.mark_read(_person(request), list(queryset.values_list("pk", flat=True)))

    def bell(self, request: HttpRequest) -> HttpResponse:
        """Answer with what the bell shows: the latest, and how many are unread."""
        self._check(request)
        person = _person(request)
        unread = reading.count_unread(person)
        latest = reading.notifications_of(person).order_by("-created_at")[:SHOWN_BY_THE_BELL]
        shown = f"{unread - 1}+" if unread >= reading.COUNTED_AT_MOST else str(unread)
        context = {"unread": unread, "shown": shown, "latest": latest}
        return render(request, "notifications/admin/bell_list.html", context)

    def follow(self, request: HttpRequest, notification_id: UUID) -> HttpResponse:
        """Mark one as read and lead to what it is about, else to the list."""
        self._check(request)
        notification = reading.notifications_of(_person(request)).filter(pk=notification_id).first()
        if notification is None:
            raise Http404
        reading.mark_read(_person(request), [notification.pk])
        return HttpResponseRedirect(path_of(notification.data) or reverse(NEXT))

    def read_all(self, request: HttpRequest) -> HttpResponse:
        """Mark all as read."""
        self._check(request)
        reading.mark_read(_person(request))
        return HttpResponseRedirect(reverse(NEXT))

    def preferences(self, request: HttpRequest) -> HttpResponse:
        """Show and store how the person wants to be told."""
        self._check(request)
        person = _person(request)
        form = PreferenceForm(request.POST or None, preferences=reading.preferences_of(person))
        if request.method == "POST" and form.is_valid():
            reading.choose_preferences(person, form.chosen())
            messages.success(request, gettext("Your choice is kept."))
            return HttpResponseRedirect(reverse("admin:notifications_preferences"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("How you are told"),
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "notifications/admin/preferences.html", context)

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise Http404
