"""Paths of people and keys."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from tenants.api.auth_views import LoginView, LogoutAllView, LogoutView, MeView
from tenants.api.key_views import ApiKeyViewSet

router = SimpleRouter()
router.register("api-keys", ApiKeyViewSet, basename="api-key")

urlpatterns = [
    path("auth/login/", LoginView.as_view(), name="login"),
    path("auth/logout/", LogoutView.as_view(), name="logout"),
    path("auth/logoutall/", LogoutAllView.as_view(), name="logout-all"),
    path("auth/me/", MeView.as_view(), name="me"),
    *router.urls,
]
