"""Reports and usage on the wire."""

from typing import Any

from rest_framework import serializers

from analysis.models import Report, ReportPeriod, ReportType, UsageMetric


class ReportSerializer(serializers.ModelSerializer[Report]):
    """A report that was kept."""

    type = serializers.ChoiceField(source="report_type", choices=ReportType.choices, read_only=True)

    class Meta:
        model = Report
        fields = ["id", "type", "period", "first_day", "last_day", "created_at"]
        read_only_fields = fields


class WholeReportSerializer(ReportSerializer):
    """With its figures."""

    data = serializers.DictField(  # type: ignore[assignment]  # "data" is Serializer.data to mypy
        read_only=True,
        help_text="By part (`usage`, `performance`, `agents`, `satisfaction`) under `parts`: times in milliseconds, "
        "rates from 0 to 1, moods from -1 to 1, null where nothing is known.",
    )

    class Meta(ReportSerializer.Meta):
        fields = [*ReportSerializer.Meta.fields, "data"]
        read_only_fields = fields


class ReportOrderSerializer(serializers.Serializer[Any]):
    """Which report is wanted: that of the day, week or month which `day` lies in, else of the last whole one."""

    type = serializers.ChoiceField(choices=ReportType.choices, default=ReportType.ALL)
    period = serializers.ChoiceField(choices=ReportPeriod.choices, default=ReportPeriod.MONTHLY)
    day = serializers.DateField(required=False)


class UsageSerializer(serializers.ModelSerializer[UsageMetric]):
    """What one contact, or one person of the staff, used on a day; the other of the two is null."""

    contact = serializers.UUIDField(source="contact_id", read_only=True, allow_null=True)
    user = serializers.UUIDField(source="user_id", read_only=True, allow_null=True)

    class Meta:
        model = UsageMetric
        fields = ["id", "date", "contact", "user", "total_conversations", "total_messages", "total_tokens"]
        read_only_fields = fields
