"""Tenants, users and the installation's settings (api.md, `tenants/`, `users/`, `config/`)."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from tenants.api.access_errors import access_errors, actor
from tenants.api.member_views import METHODS
from tenants.api.pagination import CursorPages
from tenants.api.tenant_serializers import ConfigSerializer, NewUserSerializer, TenantSerializer, UserOfAllSerializer
from tenants.api.views import TenantAPIView
from tenants.callers import Caller
from tenants.models import Membership, Role, SystemConfig, TenantModel, User
from tenants.scope import scope
from tenants.services import tenants, users
from tenants.services.actors import Actor
from tenants.services.config import forget_settings
from tenants.services.credentials import memberships_of


class TenantPages(CursorPages):
    """By name."""

    ordering = "name"


class KeyPages(CursorPages):
    """By key."""

    ordering = "config_key"


class TenantViewSet(TenantAPIView, ModelViewSet[TenantModel]):
    """A person's tenants, a key's own; all of them for the operator. The path names the tenant, X-Tenant nothing.

    Administrators set theirs, owners also its quotas; DELETE suspends it. Names and states are the operator's.
    """

    resource = "tenants"
    queryset = TenantModel.objects.none()
    tenantless = True
    person_actions = ("list", "retrieve", "partial_update", "destroy")
    operator_actions = ("create",)
    serializer_class = TenantSerializer
    pagination_class = TenantPages
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[TenantModel]:
        """Return the tenants that the caller may know of."""
        caller = self.caller
        if caller.is_operator:
            return TenantModel.objects.all()
        return TenantModel.objects.filter(is_active=True, pk__in=roles_of(caller))

    def get_serializer_context(self) -> dict[str, Any]:
        """Let the serializer say which role the caller has in each."""
        context: dict[str, Any] = super().get_serializer_context()
        return {**context, "roles": roles_of(self.caller) if isinstance(self.request.auth, Caller) else {}}

    def _actor(self, tenant: TenantModel) -> Actor:
        acting = actor(self.request)
        role = roles_of(self.caller).get(tenant.pk) or (acting.role if self.caller.key_id else None)
        return Actor(acting.user, Role(role) if role else None, acting.ip_address)

    def perform_create(self, serializer: Any) -> None:
        """Make a tenant with what every tenant begins with."""
        with access_errors():
            serializer.instance = tenants.make_tenant(actor(self.request), **serializer.validated_data)

    def perform_update(self, serializer: Any) -> None:
        """Change what the body names; `settings` alike: null takes one back to its default."""
        with access_errors():
            tenants.change_tenant(self._actor(serializer.instance), serializer.instance, serializer.validated_data)

    def perform_destroy(self, instance: TenantModel) -> None:
        """Suspend it."""
        with access_errors():
            tenants.suspend(self._actor(instance), instance)


def roles_of(caller: Caller) -> dict[UUID, str | None]:
    """Return a caller's role by tenant; a key has none in its own."""
    if caller.user is not None:
        return {tenant_id: role for tenant_id, _name, role in memberships_of(caller.user.pk)}
    return {caller.tenant_id: None} if caller.tenant_id else {}


@extend_schema_view(create=extend_schema(request=NewUserSerializer, responses={201: UserOfAllSerializer}))
class UserViewSet(TenantAPIView, ModelViewSet[User]):
    """The people of the tenant; all of the installation's for the operator without X-Tenant, who alone changes them.

    DELETE deactivates: nobody logs in as the user any more.
    """

    queryset = User.objects.none()
    resource = "users"
    operator_needs_no_tenant = True
    operator_actions = ("create", "partial_update", "destroy")
    serializer_class = UserOfAllSerializer
    http_method_names = METHODS

    def get_queryset(self) -> QuerySet[User]:
        """Return the people whom the caller may know of."""
        if isinstance(scope(), UUID):
            return User.objects.filter(pk__in=Membership.objects.values("user_id"))
        return User.objects.all() if self.caller.is_operator else User.objects.none()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a user."""
        wanted = NewUserSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        with access_errors():
            user = users.make_user(actor(request), **wanted.validated_data)
        return Response(self.get_serializer(user).data, status=status.HTTP_201_CREATED)

    def perform_update(self, serializer: Any) -> None:
        """Change a user."""
        with access_errors():
            users.change_user(actor(self.request), serializer.instance, serializer.validated_data)

    def perform_destroy(self, instance: User) -> None:
        """Deactivate a user."""
        with access_errors():
            users.deactivate(actor(self.request), instance)


class ConfigViewSet(TenantAPIView, ModelViewSet[SystemConfig]):
    """The installation's settings, for its operator alone; a tenant's own stand over them (`tenants/`, `settings`)."""

    resource = "config"
    tenantless = True
    operator_actions = ("list", "retrieve", "create", "partial_update", "destroy")
    serializer_class = ConfigSerializer
    pagination_class = KeyPages
    http_method_names = METHODS
    queryset = SystemConfig.objects.all()
    lookup_field = "config_key"
    lookup_value_regex = "[^/]{1,100}"

    def perform_create(self, serializer: Any) -> None:
        """Store a setting."""
        self._store("config_created", serializer)

    def perform_update(self, serializer: Any) -> None:
        """Change a setting."""
        self._store("config_changed", serializer)

    def _store(self, act: str, serializer: Any) -> None:
        with transaction.atomic():
            actor(self.request).tell(act, serializer.save(), key=serializer.instance.config_key)
        forget_settings()

    def perform_destroy(self, instance: SystemConfig) -> None:
        """Take a setting back to its default."""
        with transaction.atomic():
            actor(self.request).tell("config_removed", instance, key=instance.config_key)
            instance.delete()
        forget_settings()
