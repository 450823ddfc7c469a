"""What log-ins, second factors and new passwords look like on the wire."""

from typing import Any

from rest_framework import serializers

from tenants.session_models import LoginSession


class OpenSessionSerializer(serializers.ModelSerializer[LoginSession]):
    """A log-in that is open."""

    kind = serializers.SerializerMethodField()
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = LoginSession
        fields = [
            "id", "kind", "is_current", "address", "user_agent", "second_factor", "created_at", "last_seen_at",
            "expires_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_kind(self, row: LoginSession) -> str:
        """`token` of the API, or `cookie` of the administration."""
        return "token" if row.token_id else "cookie"

    def get_is_current(self, row: LoginSession) -> bool:
        """Whether the request came with it."""
        return bool(row.pk == self.context.get("current"))


class PasswordSerializer(serializers.Serializer[Any]):
    """The proof that it is still the same person."""

    password = serializers.CharField(max_length=256, trim_whitespace=False)


class ProofSerializer(PasswordSerializer):
    """Both factors."""

    code = serializers.CharField(max_length=64)


class CodeSerializer(serializers.Serializer[Any]):
    """A code of the app."""

    code = serializers.CharField(max_length=64)


class NewPasswordSerializer(serializers.Serializer[Any]):
    """`auth/password/`."""

    current_password = serializers.CharField(max_length=256, trim_whitespace=False)
    new_password = serializers.CharField(max_length=256, trim_whitespace=False)


class SecondFactorSerializer(serializers.Serializer[Any]):
    """Whether a code is asked for, and how many recovery codes are left."""

    is_on = serializers.BooleanField()
    recovery_codes_left = serializers.IntegerField()


class SecretSerializer(serializers.Serializer[Any]):
    """What the authenticator app needs, this once."""

    secret = serializers.CharField()
    uri = serializers.CharField()


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    """New recovery codes, this once."""

    recovery_codes = serializers.ListField(child=serializers.CharField())
