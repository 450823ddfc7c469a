"""Paths of a person's own log-ins, password and second factor."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from tenants.api.session_views import (
    ConfirmSecondFactorView,
    OpenSessionViewSet,
    PasswordView,
    RecoveryCodesView,
    RemoveSecondFactorView,
    SecondFactorView,
)

router = SimpleRouter()
router.register("auth/sessions", OpenSessionViewSet, basename="session")

urlpatterns = [
    path("auth/password/", PasswordView.as_view(), name="password"),
    path("auth/second-factor/", SecondFactorView.as_view(), name="second-factor"),
    path("auth/second-factor/confirm/", ConfirmSecondFactorView.as_view(), name="second-factor-confirm"),
    path("auth/second-factor/recovery-codes/", RecoveryCodesView.as_view(), name="recovery-codes"),
    path("auth/second-factor/remove/", RemoveSecondFactorView.as_view(), name="second-factor-remove"),
    *router.urls,
]
