"""Invitations: sent, sent again and withdrawn here."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants.admin_base import RoleAdmin, has_rank, role_of
from tenants.client_address import client_address
from tenants.models import Invitation, Membership, Role, User
from tenants.services import invitations
from tenants.services.actors import Actor
from tenants.services.members import needed_for


def actor_in(request: HttpRequest) -> Actor:
    """Return who acts on a page of the administration."""
    user = request.user if isinstance(request.user, User) else None
    return Actor(user, role_of(request), client_address(request))


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whom to invite, as what."""

    class Meta:
        model = Invitation
        fields = ("email", "role")

    def clean_email(self) -> str:
        """Refuse somebody who is a member already."""
        email = str(self.cleaned_data["email"]).lower()
        if Membership.objects.filter(user__email=email).exists():
            raise ValidationError(gettext("This person is a member already."))
        if Invitation.objects.filter(email=email).exists():
            raise ValidationError(gettext("This person is invited already. Send the invitation again."))
        return email


@admin.register(Invitation)
class InvitationAdmin(RoleAdmin):
    """Who was invited and has not answered. A link is mailed; where no mail is sent, it is shown this once."""

    resource = "invitations"
    least_to_read = Role.ADMIN
    form = InvitationForm
    list_display = ("email", "role_label", "invited_by", "mailed_at", "expires_at")
    list_filter = ("role",)
    list_select_related = ("invited_by",)
    search_fields = ("email",)
    ordering = ("email",)
    actions = ("send_again",)
    empty_text = _("Nobody is invited. Add somebody: they get a link, and choose their own password.")

    @display(description=_("role"), ordering="role")
    def role_label(self, invitation: Invitation) -> str:
        """Return the role in words."""
        return invitation.get_role_display()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An invitation is sent again or withdrawn; what it says does not change."""
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may withdraw it."""
        least = needed_for(obj.role) if isinstance(obj, Invitation) else Role.ADMIN
        return super().has_delete_permission(request, obj) and has_rank(request, least)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        """Offer the roles that the person may give."""
        form = super().get_form(request, obj, change=change, **kwargs)
        role = form.base_fields.get("role")
        if role is not None and not has_rank(request, Role.OWNER):
            role.choices = [choice for choice in Role.choices if choice[0] != Role.OWNER]
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Invite."""
        made = invitations.invite(actor_in(request), obj.email, Role(obj.role))
        obj.__dict__.update(made.__dict__)
        self._show(request, made)

    def _show(self, request: HttpRequest, invitation: Invitation) -> None:
        if link := invitations.link_to_show(invitation, request.build_absolute_uri("/")):
            text = gettext("Give %(email)s this link, shown this once: %(link)s")
            messages.warning(request, text % {"email": invitation.email, "link": link})

    @action(description=_("Send again, with a new link"), permissions=["send_again"])
    def send_again(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Give the chosen invitations new links and another week."""
        for invitation in queryset:
            if has_rank(request, needed_for(invitation.role)):
                invitations.send_again(actor_in(request), invitation)
                self._show(request, invitation)

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may invite."""
        return self.may_write(request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Withdraw it."""
        invitations.withdraw(actor_in(request), obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Withdraw those that the person may."""
        for invitation in queryset:
            if has_rank(request, needed_for(invitation.role)):
                invitations.withdraw(actor_in(request), invitation)
