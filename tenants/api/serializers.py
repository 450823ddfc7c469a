"""What people and keys look like on the wire."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import serializers

from tenants.callers import RESOURCES, SPEAK_AS
from tenants.models import APIKey, User


class LoginSerializer(serializers.Serializer[Any]):
    """`auth/login/`."""

    email = serializers.EmailField(max_length=255)
    password = serializers.CharField(max_length=256, trim_whitespace=False)
    code = serializers.CharField(max_length=64, required=False, allow_blank=True)


class UserSerializer(serializers.ModelSerializer[User]):
    """A person of the staff."""

    class Meta:
        model = User
        fields = ["id", "email", "username", "first_name", "last_name", "is_staff", "is_superuser"]


class TenantOfUserSerializer(serializers.Serializer[Any]):
    """A tenant that a person may name in X-Tenant."""

    name = serializers.CharField()
    role = serializers.CharField()


class MeSerializer(UserSerializer):
    """`auth/me/`: the person and its tenants."""

    tenants = TenantOfUserSerializer(many=True, read_only=True)

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "tenants"]


class SessionSerializer(serializers.Serializer[Any]):
    """The answer to a log-in."""

    token = serializers.CharField()
    expiry = serializers.DateTimeField()
    user = MeSerializer()


class ApiKeySerializer(serializers.ModelSerializer[APIKey]):
    """A key without its secret."""

    name = serializers.CharField(source="key_name", max_length=100)
    permissions = serializers.ListField(child=serializers.CharField(max_length=64), min_length=1)

    class Meta:
        model = APIKey
        fields = ["id", "name", "prefix", "permissions", "is_active", "last_used_at", "expiry_date", "created_at"]
        read_only_fields = ["prefix", "last_used_at", "created_at"]

    def validate_permissions(self, scopes: list[str]) -> list[str]:
        """Refuse scopes of the wrong form, and any above the maker's own rights (decision 29)."""
        caller = self.context["view"].caller
        for scope in scopes:
            resource, _colon, action = scope.partition(":")
            known = scope in {"*", SPEAK_AS} or (resource in RESOURCES and action in {"read", "write"})
            if not known:
                raise serializers.ValidationError(
                    _(
                        "“%(scope)s” is not a scope. Use <resource>:read, <resource>:write, messages:speak_as or *;"
                        " resources: %(resources)s."
                    )
                    % {"scope": scope, "resources": ", ".join(sorted(RESOURCES))}
                )
            if not self._within(caller, scope, resource, action):
                raise serializers.ValidationError(
                    _("“%(scope)s” is more than you may do yourself.") % {"scope": scope}, code="permission_denied"
                )
        return scopes

    def validate_expiry_date(self, when: datetime | None) -> datetime | None:
        """Refuse a time that is over, unless it stood there before: such a key would never have worked."""
        if when is not None and when <= timezone.now() and when != getattr(self.instance, "expiry_date", None):
            raise serializers.ValidationError(_("This time is over. To end a key now, make it inactive."))
        return when

    def _within(self, caller: Any, scope: str, resource: str, action: str) -> bool:
        if scope == "*":
            return "*" in caller.scopes or caller.role in {"owner", "admin"}
        if scope == SPEAK_AS:
            return bool(caller.may_speak_as())
        return bool(caller.may(resource, action))


class NewApiKeySerializer(ApiKeySerializer):
    """A key with its secret: this once."""

    key = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]
