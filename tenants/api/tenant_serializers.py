"""What tenants, users and the installation's settings look like on the wire."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.models import Role, SystemConfig, TenantModel, User
from tenants.services.config_values import ConfigType
from tenants.services.tenant_settings import check_config


class TenantSerializer(serializers.ModelSerializer[TenantModel]):
    """A tenant, and the caller's role in it."""

    settings = serializers.DictField(required=False)
    role = serializers.SerializerMethodField()

    class Meta:
        model = TenantModel
        fields = [
            "id", "name", "display_name", "is_active", "default_language", "timezone", "settings", "role",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["created_at", "updated_at"]
        # The service answers for uniqueness, after it knows who asks.
        extra_kwargs: ClassVar[dict[str, Any]] = {"name": {"validators": []}}

    @extend_schema_field(serializers.ChoiceField(choices=Role.choices, allow_null=True))
    def get_role(self, tenant: TenantModel) -> str | None:
        """Return the caller's role."""
        roles: dict[Any, str | None] = self.context.get("roles", {})
        return roles.get(tenant.pk)


class UserOfAllSerializer(serializers.ModelSerializer[User]):
    """A person of the staff."""

    email = serializers.EmailField(max_length=255)
    username = serializers.CharField(max_length=255)

    class Meta:
        model = User
        fields = [
            "id", "email", "username", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "last_login",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["last_login", "created_at", "updated_at"]

    def validate_email(self, email: str) -> str:
        """Bring the address to the form in which it is stored."""
        return email.lower()


class NewUserSerializer(UserOfAllSerializer):
    """`POST users/`: without a password nobody can log in as the user before it is given one."""

    username = serializers.CharField(max_length=255, required=False)
    password = serializers.CharField(max_length=256, trim_whitespace=False, required=False, write_only=True)

    class Meta(UserOfAllSerializer.Meta):
        fields = ["email", "username", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "password"]


class ConfigSerializer(serializers.ModelSerializer[SystemConfig]):
    """A setting of the installation; an encrypted one's value is written and never read."""

    config_type = serializers.ChoiceField(choices=ConfigType.choices, required=False)

    class Meta:
        model = SystemConfig
        fields = ["config_key", "config_value", "config_type", "description", "is_encrypted", "updated_at"]
        read_only_fields = ["is_encrypted", "updated_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a value that does not fit its type or its setting, and another key for a setting that there is."""
        if self.instance is not None and attrs.get("config_key", self.instance.config_key) != self.instance.config_key:
            raise serializers.ValidationError({"config_key": [_("A setting keeps its key.")]})
        kind = attrs.get("config_type") or getattr(self.instance, "config_type", ConfigType.STRING)
        value = str(attrs.get("config_value", getattr(self.instance, "config_value", "")))
        key = attrs.get("config_key", getattr(self.instance, "config_key", ""))
        try:
            check_config(key, value, str(kind))
        except ValueError as error:
            raise serializers.ValidationError({"config_value": [str(error)]}) from error
        return attrs

    def to_representation(self, instance: SystemConfig) -> dict[str, Any]:
        """Leave an encrypted value out."""
        shown: dict[str, Any] = super().to_representation(instance)
        return {**shown, "config_value": ""} if instance.is_encrypted else shown
