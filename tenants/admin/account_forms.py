"""The forms of the log-in and of “My account”."""

from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AuthenticationForm
from unfold.widgets import BASE_INPUT_CLASSES, UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from tenants.services.logging_in import TooManyTriesError, prove_password


def too_many(error: TooManyTriesError) -> str:
    """Say how long to wait."""
    return _("Too many wrong tries. Try again in %(minutes)s min.") % {"minutes": -(-error.wait // 60)}


class LogInForm(AuthenticationForm):
    """E-mail and password; `wait` is set when nothing was compared because there were too many wrong ones."""

    wait = 0

    def clean(self) -> dict[str, Any]:
        """Find whose password it is; who may not use the administration is told the same as everybody."""
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if self.request is not None and email and password:
            try:
                proof = prove_password(self.request, email, password)
            except TooManyTriesError as error:
                self.wait = error.wait
                raise ValidationError(too_many(error), code="rate_limited") from error
            if proof is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(proof.user)
            self.user_cache = proof.user
        return dict(self.cleaned_data)


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(label=gettext_lazy("Code of your authenticator app, or a recovery code"), max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(
            {"autocomplete": "one-time-code", "autofocus": "", "class": " ".join(BASE_INPUT_CLASSES)}
        )


class ProofForm(forms.Form):
    """What shows that it is still the same person: the password, and the code where one is asked for."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=256,
        strip=False,
        widget=UnfoldAdminPasswordWidget({"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=gettext_lazy("Code of your authenticator app, or a recovery code"),
        max_length=64,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "one-time-code"}),
    )

    def __init__(self, *args: Any, wants: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) - set(wants):
            del self.fields[name]


class OwnPasswordForm(PasswordChangeForm):
    """Django's form with the administration's looks and the count of wrong tries."""

    def __init__(self, user: Any, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.request = request
        for name, field in self.fields.items():
            purpose = "current-password" if name == "old_password" else "new-password"
            field.widget = UnfoldAdminPasswordWidget({"autocomplete": purpose})

    def clean_old_password(self) -> str:
        """Refuse a wrong one."""
        typed = str(self.cleaned_data["old_password"])
        try:
            proof = prove_password(self.request, self.user.email, typed)
        except TooManyTriesError as error:
            raise forms.ValidationError(too_many(error)) from error
        if proof is None:
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return typed
