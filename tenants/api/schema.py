"""How the OpenAPI schema describes what every route may answer (api.md, "Errors")."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

ERRORS = ("400", "401", "403", "404", "409", "429", "503")


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
    """drf-spectacular's schema with the errors that any route may answer."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for code in ERRORS:
            if code not in bodies:
                bodies[code] = self._get_response_for_code(ErrorSerializer, code)  # type: ignore[no-untyped-call]
        return bodies
