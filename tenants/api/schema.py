"""How the OpenAPI schema describes what every route may answer (api.md, "Errors")."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

ERRORS = ("400", "401", "403", "404", "409", "429", "503")
ERRORS_OF_BODIES = ("413", "415")

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="Any text of your own, such as a UUID: the same key and request within a day get the first answer.",
)


class OneErrorSerializer(serializers.Serializer[Any]):
    """One thing that is wrong: its code, in words, and the field that it is about."""

    code = serializers.CharField()
    detail = serializers.CharField()
    attr = serializers.CharField(allow_null=True)


class ErrorSerializer(serializers.Serializer[Any]):
    """The body of every answer that is an error."""

    type = serializers.ChoiceField(choices=["validation_error", "client_error", "server_error"])
    errors = OneErrorSerializer(many=True)  # type: ignore[assignment]


class CharlaSchema(AutoSchema):
    """drf-spectacular's schema with the errors that any route may answer, and the header that repeats a POST."""

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters of every route of its kind."""
        given = super().get_override_parameters()
        return [*given, IDEMPOTENCY_KEY] if self._takes_key() else given

    def _takes_key(self) -> bool:
        return self.method == "POST" and not getattr(self.view, "tenantless", True)

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        sends_body = ERRORS_OF_BODIES if self.method in {"POST", "PUT", "PATCH"} else ()
        for code in (*ERRORS, *sends_body, *(("422",) if self._takes_key() else ())):
            if code not in bodies:
                bodies[code] = self._get_response_for_code(ErrorSerializer, code)  # type: ignore[no-untyped-call]
        return bodies
