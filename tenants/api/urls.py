"""Paths of people and keys."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from tenants.api.auth_views import LoginView, LogoutAllView, LogoutView, MeView
from tenants.api.key_views import ApiKeyViewSet
from tenants.api.member_views import AcceptView, InvitationViewSet, MembershipViewSet, SignUpView
from tenants.api.tenant_views import ConfigViewSet, TenantViewSet, UserViewSet

router = SimpleRouter()
router.register("api-keys", ApiKeyViewSet, basename="api-key")
router.register("memberships", MembershipViewSet, basename="membership")
router.register("invitations", InvitationViewSet, basename="invitation")
router.register("tenants", TenantViewSet, basename="tenant")
router.register("users", UserViewSet, basename="user")
router.register("config", ConfigViewSet, basename="config")

urlpatterns = [
    path("auth/login/", LoginView.as_view(), name="login"),
    path("auth/logout/", LogoutView.as_view(), name="logout"),
    path("auth/logoutall/", LogoutAllView.as_view(), name="logout-all"),
    path("auth/me/", MeView.as_view(), name="me"),
    path("invitations/accept/", AcceptView.as_view(), name="accept-invitation"),
    path("invitations/sign-up/", SignUpView.as_view(), name="sign-up"),
    *router.urls,
]
