"""What the feed of events looks like on the wire (api.md)."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers


class EventSerializer(serializers.Serializer[Any]):
    """One event: ids and states, never a message's text."""

    id = serializers.CharField(help_text="Opaque; may be given as `after`.")
    type = serializers.CharField()
    object_type = serializers.CharField()
    object_id = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]
    created_at = serializers.DateTimeField()


@extend_schema_serializer(many=False)
class EventPageSerializer(serializers.Serializer[Any]):
    """A page of the feed."""

    results = EventSerializer(many=True)
    after = serializers.CharField(help_text="Give it with the next question.")
    has_more = serializers.BooleanField(help_text="There is more right now.")
    resync = serializers.BooleanField(help_text="Events were lost to you: read everything anew, then go on from here.")
