"""What the staff are told."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_events"),
        ("tenants", "0003_dead_work_and_known_time_zones"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Room",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("slack", "Slack"), ("teams", "Microsoft Teams")], max_length=10, verbose_name="kind"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("sealed_url", models.TextField(editable=False)),
                ("types", models.JSONField(blank=True, default=list, verbose_name="types")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "last_error",
                    models.CharField(blank=True, default="", editable=False, max_length=500, verbose_name="last error"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.models.tenant_in_scope,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenantmodel",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "room",
                "verbose_name_plural": "rooms",
            },
        ),
        migrations.CreateModel(
            name="RoomMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "notification_type",
                    models.CharField(
                        choices=[
                            ("chat_created", "a new conversation"),
                            ("escalation", "a conversation waits for a person"),
                            ("webhook_paused", "a webhook was paused"),
                            ("work_died", "work was given up"),
                            ("report_ready", "a report is ready"),
                        ],
                        max_length=40,
                        verbose_name="type",
                    ),
                ),
                ("message", models.CharField(max_length=500, verbose_name="message")),
                ("params", models.JSONField(blank=True, default=dict)),
                ("data", models.JSONField(blank=True, default=dict, verbose_name="data")),
                ("dedupe_key", models.CharField(editable=False, max_length=120)),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="time")),
                (
                    "room",
                    tenants.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="notifications.room",
                        verbose_name="room",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.models.tenant_in_scope,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenantmodel",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "message to a room",
                "verbose_name_plural": "messages to rooms",
            },
        ),
        migrations.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "notification_type",
                    models.CharField(
                        choices=[
                            ("chat_created", "a new conversation"),
                            ("escalation", "a conversation waits for a person"),
                            ("webhook_paused", "a webhook was paused"),
                            ("work_died", "work was given up"),
                            ("report_ready", "a report is ready"),
                        ],
                        max_length=40,
                        verbose_name="type",
                    ),
                ),
                ("message", models.CharField(max_length=500, verbose_name="message")),
                ("params", models.JSONField(blank=True, default=dict)),
                ("data", models.JSONField(blank=True, default=dict, verbose_name="data")),
                ("dedupe_key", models.CharField(blank=True, default="", editable=False, max_length=120)),
                ("read_at", models.DateTimeField(blank=True, null=True, verbose_name="read")),
                ("emailed_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="e-mailed")),
                (
                    "wants_email",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("none", "one by one, at once"),
                            ("hourly", "together, every hour"),
                            ("daily", "together, every day"),
                        ],
                        default="",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="time")),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recipient",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.models.tenant_in_scope,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenantmodel",
                        verbose_name="tenant",
                    ),
                ),
            ],
            options={
                "verbose_name": "notification",
                "verbose_name_plural": "notifications",
                "indexes": [
                    models.Index(fields=["tenant", "recipient", "-created_at"], name="notifications_of_person"),
                    models.Index(
                        condition=models.Q(("read_at__isnull", True)),
                        fields=["tenant", "recipient"],
                        name="notifications_unread",
                    ),
                    models.Index(
                        condition=models.Q(("emailed_at__isnull", True), models.Q(("wants_email", ""), _negated=True)),
                        fields=["wants_email", "created_at"],
                        name="notifications_to_email",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("dedupe_key", ""), _negated=True),
                        fields=("tenant", "recipient", "dedupe_key"),
                        name="notified_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NotificationPreference",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "notification_type",
                    models.CharField(
                        choices=[
                            ("chat_created", "a new conversation"),
                            ("escalation", "a conversation waits for a person"),
                            ("webhook_paused", "a webhook was paused"),
                            ("work_died", "work was given up"),
                            ("report_ready", "a report is ready"),
                        ],
                        max_length=40,
                        verbose_name="type",
                    ),
                ),
                ("channels", models.JSONField(blank=True, default=list, verbose_name="channels")),
                (
                    "digest",
                    models.CharField(
                        choices=[
                            ("none", "one by one, at once"),
                            ("hourly", "together, every hour"),
                            ("daily", "together, every day"),
                        ],
                        default="none",
                        max_length=10,
                        verbose_name="digest",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_index=False,
                        default=tenants.models.tenant_in_scope,
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tenants.tenantmodel",
                        verbose_name="tenant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "notification preference",
                "verbose_name_plural": "notification preferences",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "user", "notification_type"), name="one_preference_per_type"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="room",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="room_name_once_per_tenant"),
        ),
        migrations.AddConstraint(
            model_name="roommessage",
            constraint=models.UniqueConstraint(fields=("room", "dedupe_key"), name="room_told_once"),
        ),
        TenantPolicy("Room"),
        TenantPolicy("RoomMessage"),
        CompositeForeignKey("RoomMessage", "room", "notifications.Room"),
        TenantPolicy("Notification"),
        TenantPolicy("NotificationPreference"),
    ]
