"""What happened, on the wire."""

from rest_framework import serializers

from audit.models import AuditLog, ErrorLog


class AuditLogSerializer(serializers.ModelSerializer[AuditLog]):
    """One entry; personal values in `details` and the address are keyed hashes."""

    id = serializers.CharField(read_only=True)
    details = serializers.DictField(read_only=True)

    class Meta:
        model = AuditLog
        fields = [
            "id", "action", "actor_id", "object_type", "object_id", "details", "ip_address", "request_id", "created_at",
            "position", "previous_hash", "hash",
        ]  # fmt: skip
        read_only_fields = fields


class ErrorLogSerializer(serializers.ModelSerializer[ErrorLog]):
    """One error, with how often it happened."""

    id = serializers.CharField(read_only=True)
    request_data = serializers.DictField(read_only=True)

    class Meta:
        model = ErrorLog
        fields = [
            "id", "error_type", "error_message", "stack_trace", "request_data", "user_id", "fingerprint", "count",
            "created_at", "last_seen",
        ]  # fmt: skip
        read_only_fields = fields
