"""Notifications and preferences on the wire (api.md, `notifications/`)."""

from typing import Any

from rest_framework import serializers

from notifications.models import Digest, Notification, NotificationType, OutsideChannel


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """Something that the caller was told, in the language of the request."""

    message = serializers.CharField(source="text", read_only=True)

    class Meta:
        model = Notification
        fields = ["id", "notification_type", "message", "data", "read_at", "created_at"]
        read_only_fields = fields


class CountSerializer(serializers.Serializer[Any]):
    """How many."""

    count = serializers.IntegerField()


class PreferenceSerializer(serializers.Serializer[Any]):
    """How the caller is told of one type; the bell always rings."""

    notification_type = serializers.ChoiceField(choices=NotificationType.choices)
    channels = serializers.ListField(child=serializers.ChoiceField(choices=OutsideChannel.choices), max_length=10)
    digest = serializers.ChoiceField(choices=Digest.choices, required=False, default=Digest.NONE.value)
