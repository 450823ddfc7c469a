"""A tenant's keys (api.md, `api-keys/`)."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from tenants.api.serializers import ApiKeySerializer, NewApiKeySerializer
from tenants.api.views import TenantAPIView
from tenants.client_address import client_address
from tenants.models import APIKey
from tenants.services.credentials import forget_credentials, make_api_key
from tenants.signals import identity_changed


@extend_schema_view(create=extend_schema(request=ApiKeySerializer, responses={201: NewApiKeySerializer}))
class ApiKeyViewSet(
    TenantAPIView,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[APIKey],
):
    """Keys for programs; the secret is in the answer to POST alone."""

    resource = "api-keys"
    serializer_class = ApiKeySerializer
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[APIKey]:
        """Return the tenant's keys."""
        return APIKey.objects.all()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a key and show it, this once."""
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        key, secret = make_api_key(
            name=wanted.validated_data["key_name"],
            scopes=wanted.validated_data["permissions"],
            user=self.caller.user,
            expiry_date=wanted.validated_data.get("expiry_date"),
        )
        self._tell("api_key_created", key)
        key.key = secret  # type: ignore[attr-defined]
        shown = NewApiKeySerializer(key, context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_201_CREATED)

    def perform_update(self, serializer: Any) -> None:
        """Store the change; this process stops believing what it remembers."""
        self._tell("api_key_changed", serializer.save())
        forget_credentials()

    def perform_destroy(self, instance: APIKey) -> None:
        """Revoke the key for good."""
        self._tell("api_key_revoked", instance)
        instance.delete()
        forget_credentials()

    def _tell(self, action: str, key: APIKey) -> None:
        identity_changed.send(
            sender=APIKey,
            action=action,
            user=self.caller.user,
            tenant_id=key.tenant_id,
            object_type="apikey",
            object_id=str(key.pk),
            ip_address=client_address(self.request._request),
            details={"scopes": key.permissions, "prefix": key.prefix, "is_active": key.is_active},
        )
