"""Chats, messages and visitors on the wire; reading goes through chats.events, the one description of both."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from agents.models import AgentModel
from chats.events import chat_payload, message_payload
from chats.models import CONTENT_TYPES, ChannelKind, ChatModel, ContentChatModel
from tenants.models import Language


class CitationSerializer(serializers.Serializer[Any]):
    """Where an answer comes from."""

    document = serializers.CharField()
    title = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    excerpt = serializers.CharField()


class AuthorSerializer(serializers.Serializer[Any]):
    """Who of the staff wrote."""

    id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()


class MediaSerializer(serializers.Serializer[Any]):
    """A file of a message (decision 32)."""

    id = serializers.UUIDField()
    media_type = serializers.ChoiceField(choices=["image", "file", "audio"])
    mime_type = serializers.CharField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    url = serializers.CharField()
    thumbnail_url = serializers.CharField(allow_null=True)


class MessageSerializer(serializers.Serializer[ContentChatModel]):
    """A message on the wire (api.md)."""

    id = serializers.CharField(read_only=True)
    chat_id = serializers.UUIDField(read_only=True)
    sequence = serializers.IntegerField(read_only=True)
    sender = serializers.ChoiceField(choices=["user", "agent", "staff"], required=False)
    role = serializers.CharField(read_only=True)
    content = serializers.CharField(trim_whitespace=False)
    content_type = serializers.ChoiceField(choices=CONTENT_TYPES, default="text")
    language = serializers.CharField(read_only=True)
    timestamp = serializers.DateTimeField(read_only=True)
    in_response_to = serializers.CharField(required=False, allow_null=True)
    client_message_id = serializers.CharField(required=False, allow_null=True, max_length=64)
    author = AuthorSerializer(read_only=True, allow_null=True)
    tokens_used = serializers.IntegerField(read_only=True)
    model_used = serializers.CharField(read_only=True)
    citations = CitationSerializer(many=True, read_only=True)
    blocks = serializers.ListField(child=serializers.JSONField(), read_only=True, allow_null=True)
    media = MediaSerializer(many=True, read_only=True)
    sentiment = serializers.DictField(read_only=True, allow_null=True)

    def to_representation(self, instance: ContentChatModel) -> dict[str, Any]:
        """Return the payload that sockets get too."""
        return message_payload(instance)


@extend_schema_serializer(many=False)
class MessagePageSerializer(serializers.Serializer[Any]):
    """A page of a chat's messages, with the addresses of those beside it."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = MessageSerializer(many=True)


class ChatSerializer(serializers.ModelSerializer[ChatModel]):
    """A chat on the wire (decision 31)."""

    user_id = serializers.CharField(max_length=255)
    contact = serializers.UUIDField(source="contact_id", read_only=True, allow_null=True)
    agent: "serializers.SlugRelatedField[AgentModel]" = serializers.SlugRelatedField(
        slug_field="slug", queryset=AgentModel.objects.all(), required=False, allow_null=True
    )
    assigned_to = serializers.UUIDField(source="assigned_to_id", read_only=True, allow_null=True)
    channel = serializers.ChoiceField(choices=ChannelKind.choices, default=ChannelKind.API)

    class Meta:
        model = ChatModel
        fields = [
            "chat_id", "user_id", "contact", "agent", "assigned_to", "session_id", "title", "channel", "status",
            "settings", "message_count", "total_tokens", "last_sequence", "last_activity", "archived_at", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "chat_id", "session_id", "status", "message_count", "total_tokens", "last_sequence", "last_activity",
            "archived_at", "created_at", "updated_at",
        ]  # fmt: skip

    def to_representation(self, instance: ChatModel) -> dict[str, Any]:
        """Return the payload that sockets get too."""
        return chat_payload(instance)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Whose conversation it is, and on which channel, stays as it was opened."""
        for name in ("user_id", "channel"):
            if self.instance is not None and attrs.get(name, getattr(self.instance, name)) != getattr(
                self.instance, name
            ):
                raise serializers.ValidationError({name: [_("A conversation stays with its person and its channel.")]})
        return attrs

    def validate_settings(self, value: Any) -> dict[str, Any]:
        """Settings are one JSON object."""
        if not isinstance(value, dict):
            raise serializers.ValidationError(_("Settings must be a JSON object."))
        return value


class EscalationSerializer(serializers.Serializer[Any]):
    """Asking for a person."""

    reason = serializers.CharField(max_length=100, required=False, default="requested")


class AssignSerializer(serializers.Serializer[Any]):
    """Whom to give the chat; without a name, whoever calls."""

    assigned_to = serializers.UUIDField(required=False)


class IdentitySerializer(serializers.Serializer[Any]):
    """Whom the page says the visitor is (`Charla.setUser`)."""

    identifier = serializers.CharField(max_length=255)
    identifier_hash = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")
    name = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")


class WidgetSessionSerializer(serializers.Serializer[Any]):
    """Starting a visitor's session."""

    key = serializers.CharField(max_length=64)
    locale = serializers.ChoiceField(choices=Language.choices, required=False, allow_blank=True, default="")
    user = IdentitySerializer(required=False, allow_null=True, default=None)


class WidgetContactSerializer(serializers.Serializer[Any]):
    """The visitor's contact."""

    id = serializers.UUIDField()


class VisitorGrantSerializer(serializers.Serializer[Any]):
    """A visitor's session: the token is in this answer alone."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    contact = WidgetContactSerializer()
    chat = ChatSerializer()


class WidgetTenantSerializer(serializers.Serializer[Any]):
    """Whose widget it is."""

    name = serializers.CharField()
    display_name = serializers.CharField()


@extend_schema_field(serializers.DictField)
class WidgetAgentField(serializers.DictField):
    """The agent that answers: name, slug, greeting."""


class WidgetMediaSerializer(serializers.Serializer[Any]):
    """What may be sent: bytes of a file, files of a message."""

    max_bytes = serializers.IntegerField()
    max_files = serializers.IntegerField()


class WidgetConfigSerializer(serializers.Serializer[Any]):
    """What a widget shows before anybody has written."""

    tenant = WidgetTenantSerializer()
    agent = WidgetAgentField(allow_null=True)
    locale = serializers.CharField()
    title = serializers.CharField()
    color = serializers.CharField(allow_blank=True)
    media = WidgetMediaSerializer()
