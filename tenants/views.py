"""The page behind an invitation's link: somebody new chooses a password, who is logged in accepts."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from tenants.access import Reach, reaches
from tenants.client_address import client_address
from tenants.models import Invitation, User
from tenants.scope import in_tenant
from tenants.services import invitations
from tenants.services.actors import AccessError


class SignUpForm(forms.Form):
    """What somebody new says."""

    first_name = forms.CharField(label=_("First name"), max_length=100, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=100, required=False)
    password = forms.CharField(
        label=_("Password"),
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@reaches(Reach.OWN_CHECK)
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation, or accept it; the link in the address is the proof that the person was invited."""
    try:
        invitation = _invitation(token)
    except AccessError as error:
        return _page(request, {"refused": error.detail}, status=404)
    with translation.override(invitation.tenant.default_language):
        context: dict[str, Any] = {"invitation": invitation, "user": request.user, "form": SignUpForm()}
        if request.method != "POST":
            return _page(request, context)
        return _accepted(request, token, context)


def _invitation(token: str) -> Invitation:
    tenant_id, invitation_id = invitations.find(token)
    with in_tenant(tenant_id):
        return Invitation.objects.select_related("tenant", "invited_by").get(pk=invitation_id)


def _accepted(request: HttpRequest, token: str, context: dict[str, Any]) -> HttpResponse:
    address = client_address(request)
    try:
        if isinstance(request.user, User):
            invitations.accept(token, request.user, address)
            return HttpResponseRedirect(reverse("admin:index"))
        context["form"] = form = SignUpForm(request.POST)
        if not form.is_valid():
            return _page(request, context, status=400)
        invitations.sign_up(token, **form.cleaned_data, ip_address=address)
    except AccessError as error:
        return _page(request, {**context, "problem": error.detail}, status=409 if error.code == "conflict" else 400)
    return HttpResponseRedirect(reverse("admin:login"))


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    rules = password_validators_help_texts()
    response = render(request, "tenants/invitation.html", {**context, "rules": rules}, status=status)
    response["Cache-Control"] = "no-store"
    # The address is a secret; with `no-referrer` browsers would send the form with `Origin: null`, which is refused.
    response["Referrer-Policy"] = "same-origin"
    return response
