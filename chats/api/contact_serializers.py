"""Contacts and erasures on the wire."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from chats.models import ChannelKind, Contact, ErasureLedger

MOST_LABELS = 50
LONGEST_LABEL = 100


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """A person who writes; `channel` and `external_id` say who that is, and do not change."""

    channel = serializers.ChoiceField(choices=ChannelKind.choices)
    labels = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_LABEL), max_length=MOST_LABELS, required=False
    )

    class Meta:
        model = Contact
        fields = [
            "id", "channel", "external_id", "name", "email", "chat_address", "labels", "language", "last_activity",
            "created_at", "anonymized_at",
        ]  # fmt: skip
        read_only_fields = ["id", "last_activity", "created_at", "anonymized_at"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to make another person of a contact."""
        if self.instance is None:
            return attrs
        for name in ("channel", "external_id"):
            known = getattr(self.instance, name)
            if attrs.pop(name, known) != known:
                raise serializers.ValidationError({name: [_("Who a contact is does not change.")]}, code="invalid")
        return attrs


class ErasureSerializer(serializers.ModelSerializer[ErasureLedger]):
    """An erasure; `receipt` and `signature` once it is done."""

    contact = serializers.UUIDField(source="person", read_only=True)
    state = serializers.SerializerMethodField()
    receipt = serializers.DictField(read_only=True)

    class Meta:
        model = ErasureLedger
        fields = ["id", "contact", "state", "requested_at", "finished_at", "receipt", "signature"]
        read_only_fields = fields

    def get_state(self, erasure: ErasureLedger) -> str:
        """Return `running` or `done`."""
        return "done" if erasure.finished_at else "running"
