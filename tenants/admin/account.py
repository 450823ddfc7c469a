"""“My account”: a person's open log-ins, password and second factor, in the administration."""

from typing import Any, Final

import segno
from django.contrib import admin, messages
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tenants.admin.account_forms import OwnPasswordForm, ProofForm, too_many
from tenants.admin.log_in import log_in, log_out
from tenants.models import User
from tenants.services import own_account, second_factor
from tenants.services.login_guard import TooManyTriesError
from tenants.services.own_account import NotProvenError
from tenants.services.sessions import end_all_sessions, open_sessions, session_of_caller

QR_SCALE: Final = 5


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("This page is behind the log-in.")
    return request.user


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    shown = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, f"tenants/admin/{template}.html", shown)


@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Show the person's log-ins and whether the second factor is on."""
    user, current = _person(request), session_of_caller(request, None)
    return _page(
        request,
        "account",
        _("My account"),
        sessions=open_sessions(user),
        current=current,
        is_on=second_factor.has_second_factor(user),
        codes_left=second_factor.recovery_codes_left(user),
    )


@require_POST
def end_session(request: HttpRequest, pk: str) -> HttpResponse:
    """End one of the person's log-ins."""
    row = get_object_or_404(open_sessions(_person(request)), pk=pk)
    own_account.end_own_session(request, _person(request), row)
    messages.success(request, _("The log-in was ended."))
    return _back()


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all log-ins but this one."""
    ended = end_all_sessions(_person(request), but=session_of_caller(request, None))
    own_account.tell_of_person(request, _person(request), "session_ended", ended=ended)
    messages.success(request, _("All other log-ins were ended."))
    return _back()


@never_cache
@sensitive_post_parameters()
def begin(request: HttpRequest) -> HttpResponse:
    """Ask for the password, then show the QR code and ask for a first code."""
    user = _person(request)
    if second_factor.has_second_factor(user):
        return _back()
    form = ProofForm(request.POST or None, wants=("password",))
    if _is_proven(request, form):
        second_factor.begin_second_factor(user)
        return HttpResponseRedirect(reverse("admin:second_factor_confirm"))
    return _page(request, "prove", _("Turn on the second factor"), form=form, button=_("Go on"))


@never_cache
@sensitive_post_parameters()
def confirm(request: HttpRequest) -> HttpResponse:
    """Show the QR code until a first code is right, then the recovery codes."""
    user = _person(request)
    secret = second_factor.pending_secret(user)
    if secret is None:
        return _back()
    form = ProofForm(request.POST or None, wants=("code",))
    form.fields["code"].label = _("The code that the app shows now")
    if form.is_valid():
        try:
            codes = own_account.turn_on_second_factor(
                request, user, form.cleaned_data["code"], session=session_of_caller(request, None)
            )
        except NotProvenError:
            form.add_error("code", _("The code is wrong, or was used already."))
        else:
            return _recovery_codes(request, codes)
    picture = segno.make(second_factor.provisioning_uri(user, secret)).svg_data_uri(
        scale=QR_SCALE, border=3, light="#fff"
    )
    return _page(
        request, "second_factor", _("Turn on the second factor"), form=form, picture=picture, secret=_in_groups(secret)
    )


@never_cache
@sensitive_post_parameters()
def remove(request: HttpRequest) -> HttpResponse:
    """Turn the second factor off."""
    form, user = ProofForm(request.POST or None, wants=("password", "code")), _person(request)

    def act(password: str, code: str) -> None:
        own_account.turn_off_second_factor(request, user, password, code, session=session_of_caller(request, None))

    if _is_proven(request, form, act):
        messages.success(request, _("The second factor is off."))
        return _back()
    return _page(request, "prove", _("Turn off the second factor"), form=form, button=_("Turn off"))


@never_cache
@sensitive_post_parameters()
def new_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes and show them."""
    form, user = ProofForm(request.POST or None, wants=("password", "code")), _person(request)
    made: list[str] = []

    def act(password: str, code: str) -> None:
        made.extend(own_account.new_recovery_codes(request, user, password, code))

    if _is_proven(request, form, act):
        return _recovery_codes(request, made)
    return _page(request, "prove", _("New recovery codes"), form=form, button=_("Make new ones"))


class OwnPasswordView(PasswordChangeView):
    """A new password for oneself; every other log-in ends with the old one."""

    form_class = OwnPasswordForm
    template_name = "registration/password_change_form.html"

    def get_success_url(self) -> str:
        """Go back to the account."""
        return reverse("admin:account")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Bring the request along."""
        return {**super().get_form_kwargs(), "request": self.request}

    def form_valid(self, form: Any) -> HttpResponse:
        """Store it."""
        current = session_of_caller(self.request, None)
        answer = super().form_valid(form)
        end_all_sessions(form.user, but=current)
        own_account.tell_of_person(self.request, form.user, "password_changed")
        messages.success(self.request, _("Your password was changed, and your other log-ins have ended."))
        return answer


def _is_proven(request: HttpRequest, form: ProofForm, act: Any = None) -> bool:
    """Tell whether the form is right, and do what it is for; what is wrong is said in it."""
    if not form.is_valid():
        return False
    try:
        if act is None:
            own_account.prove_again(request, _person(request), **form.cleaned_data)
        else:
            act(**form.cleaned_data)
    except NotProvenError as error:
        wrong = _("The code is wrong, or was used already.") if error.field == "code" else _("The password is wrong.")
        form.add_error(error.field, wrong)
    except TooManyTriesError as error:
        form.add_error(None, too_many(error))
    return not form.errors


def _recovery_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    return _page(request, "recovery_codes", _("Recovery codes"), codes=codes)


def _in_groups(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:account"))


@never_cache
@sensitive_post_parameters()
def change_password(request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    """Show and take the form for a new password."""
    context = {**admin.site.each_context(request), "original": request.user, **(extra_context or {})}
    return OwnPasswordView.as_view(extra_context=context)(request)


def bring_account() -> None:
    """Put the doors and pages above into the administration, in place of Django's own."""
    site: Any = admin.site
    others = site.extra_urls
    site.login, site.logout, site.password_change = log_in, log_out, change_password
    site.extra_urls = lambda: [*others(), *account_urls()]


def account_urls() -> list[Any]:
    """Return the pages' paths, each behind the log-in."""
    pages: list[tuple[str, Any, str]] = [
        ("account/", account, "account"),
        ("account/sessions/<uuid:pk>/end/", end_session, "end_session"),
        ("account/sessions/end-others/", end_others, "end_other_sessions"),
        ("account/second-factor/", begin, "second_factor"),
        ("account/second-factor/confirm/", confirm, "second_factor_confirm"),
        ("account/second-factor/remove/", remove, "second_factor_remove"),
        ("account/recovery-codes/", new_codes, "recovery_codes"),
    ]
    return [path(route, admin.site.admin_view(view), name=name) for route, view, name in pages]
