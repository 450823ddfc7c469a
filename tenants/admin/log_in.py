"""The administration's door: the password first, then the code of a second factor; counted like the API's log-in."""

from typing import Any, Final

from django.contrib import admin
from django.contrib.auth import login, logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tenants.access import Reach, reaches
from tenants.admin.account_forms import CodeForm, LogInForm, too_many
from tenants.models import User
from tenants.services.logging_in import (
    TooManyTriesError,
    prove_code,
    remember_browser,
)
from tenants.services.second_factor import has_second_factor
from tenants.services.sessions import end_sessions, open_with_cookie, session_of_caller

PENDING: Final = "charla_pending_login"  # in an anonymous session: whose password was right, and when
PENDING_SECONDS: Final = 300
AGAIN: Final = "again"
BACKEND: Final = "django.contrib.auth.backends.ModelBackend"


class PasswordStep(LoginView):
    """The log-in page; somebody with a second factor goes on to its page."""

    form_class = LogInForm
    template_name = "admin/login.html"

    def get_default_redirect_url(self) -> str:
        """Begin at the overview."""
        return reverse("admin:index")

    def form_valid(self, form: Any) -> HttpResponse:
        """Log in, or remember for five minutes that the password was right."""
        user = form.get_user()
        if not has_second_factor(user):
            return _enter(self.request, user, self.get_success_url(), proven=False)
        self.request.session.flush()
        self.request.session[PENDING] = {
            "user": str(user.pk), "at": timezone.now().timestamp(), "next": self.get_success_url(),
        }  # fmt: skip
        return HttpResponseRedirect(reverse("admin:login"))

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say what is wrong; 429 when it was not even looked at."""
        return _refused(super().form_invalid(form), form.wait)


@reaches(Reach.EVERYONE)
@never_cache
@sensitive_post_parameters()
def log_in(request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
    """Show the log-in page, then that of the second factor where one is on; the overview to who is in."""
    if request.method == "GET" and admin.site.has_permission(request):
        return HttpResponseRedirect(reverse("admin:index"))
    user = _pending(request)
    if user is not None and AGAIN not in request.GET and "username" not in request.POST:
        return _code_step(request, user)
    request.session.pop(PENDING, None)
    context = {**admin.site.each_context(request), "title": _("Log in"), "app_path": request.get_full_path()}
    return PasswordStep.as_view(extra_context={**context, **(extra_context or {})})(request)


def _code_step(request: HttpRequest, user: User) -> HttpResponse:
    """Ask for the second factor of the person whose password was right."""
    form, wait = CodeForm(request.POST or None), 0
    if form.is_valid():
        try:
            if prove_code(request, user, form.cleaned_data["code"]):
                return _enter(request, user, request.session.pop(PENDING)["next"], proven=True)
            form.add_error("code", _("The code is wrong, or was used already."))
        except TooManyTriesError as error:
            wait = error.wait
            form.add_error(None, too_many(error))
    context = {**admin.site.each_context(request), "title": _("Second factor"), "form": form, "again": f"?{AGAIN}"}
    return _refused(TemplateResponse(request, "tenants/admin/log_in_code.html", context), wait)


@require_POST
def log_out(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """End this log-in."""
    current = session_of_caller(request, None)
    logout(request)
    response = HttpResponseRedirect(reverse("admin:login"))
    end_sessions([current] if current else [])
    return response


def _pending(request: HttpRequest) -> User | None:
    pending = request.session.get(PENDING)
    if pending is None or timezone.now().timestamp() - pending["at"] > PENDING_SECONDS:
        return None
    return User.objects.filter(pk=pending["user"], is_active=True, is_staff=True).first()


def _enter(request: HttpRequest, user: User, target: str, *, proven: bool) -> HttpResponse:
    login(request, user, backend=BACKEND)
    open_with_cookie(request, user, proven=proven)
    response = HttpResponseRedirect(target)
    remember_browser(request, response, user)
    return response


def _refused(response: HttpResponse, wait: int) -> HttpResponse:
    if wait:
        response.status_code = 429
        response["Retry-After"] = str(wait)
    return response
