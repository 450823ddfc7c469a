"""Endpoints of other systems, and the ledger of what was delivered to them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_notices"),
        ("tenants", "0003_dead_work_and_known_time_zones"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("url", models.CharField(max_length=2000, verbose_name="address")),
                (
                    "description",
                    models.CharField(blank=True, db_default="", max_length=200, verbose_name="description"),
                ),
                ("events", models.JSONField(default=list, verbose_name="events")),
                ("secret", models.TextField(db_default="", editable=False)),
                ("previous_secret", models.TextField(db_default="", editable=False)),
                (
                    "previous_secret_until",
                    models.DateTimeField(editable=False, null=True, verbose_name="previous secret valid until"),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "disabled_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("failing", "only failures for days"),
                            ("gone", "the endpoint said that it is gone (410)"),
                            ("person", "switched off"),
                        ],
                        db_default="",
                        editable=False,
                        max_length=10,
                        verbose_name="why it is off",
                    ),
                ),
                ("disabled_at", models.DateTimeField(editable=False, null=True, verbose_name="off since")),
                ("failing_since", models.DateTimeField(editable=False, null=True, verbose_name="failing since")),
                ("failures", models.IntegerField(db_default=0, editable=False, verbose_name="failures in a row")),
                ("blocked_until", models.DateTimeField(editable=False, null=True, verbose_name="left alone until")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook endpoint",
                "verbose_name_plural": "webhook endpoints",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("event_type", models.CharField(max_length=40, verbose_name="type")),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "waiting"), ("delivered", "delivered"), ("failed", "given up")],
                        db_default="pending",
                        max_length=9,
                        verbose_name="status",
                    ),
                ),
                ("attempts", models.IntegerField(db_default=0, verbose_name="attempts")),
                (
                    "next_attempt_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="next attempt"
                    ),
                ),
                ("last_attempt_at", models.DateTimeField(null=True, verbose_name="last attempt")),
                ("delivered_at", models.DateTimeField(null=True, verbose_name="delivered")),
                ("response_status", models.IntegerField(null=True, verbose_name="answer")),
                ("response_excerpt", models.TextField(db_default="", verbose_name="beginning of the answer")),
                ("error", models.CharField(db_default="", max_length=200, verbose_name="error")),
                ("duration_ms", models.IntegerField(null=True, verbose_name="milliseconds")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="created"),
                ),
                (
                    "event",
                    tenants.fields.TenantForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="notifications.event",
                        verbose_name="event",
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
                    "endpoint",
                    tenants.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notifications.webhookendpoint",
                        verbose_name="webhook endpoint",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook delivery",
                "verbose_name_plural": "webhook deliveries",
                "indexes": [
                    models.Index(fields=["tenant", "endpoint", "-created_at"], name="deliveries_of_endpoint"),
                    models.Index(
                        condition=models.Q(("status", "pending")),
                        fields=["endpoint", "next_attempt_at", "id"],
                        name="deliveries_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "event", "endpoint"), name="one_delivery_per_event_and_endpoint"
                    )
                ],
            },
        ),
        TenantPolicy("WebhookEndpoint"),
        TenantPolicy("WebhookDelivery"),
        CompositeForeignKey("WebhookDelivery", "endpoint", "notifications.WebhookEndpoint"),
        CompositeForeignKey("WebhookDelivery", "event", "notifications.Event"),
    ]
