"""Days counted once, usage by contact and person, and the reports kept."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0004_sealed_texts"),
        ("chats", "0020_visitors_at_once"),
        ("tenants", "0010_work_due_by_tenant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DayFigures",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("figures", models.JSONField(default=dict, verbose_name="figures")),
                (
                    "counted_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="counted"),
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
                "verbose_name": "day's figures",
                "verbose_name_plural": "days' figures",
                "constraints": [models.UniqueConstraint(fields=("tenant", "day"), name="day_counted_once")],
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "report_type",
                    models.CharField(
                        choices=[
                            ("usage", "usage"),
                            ("performance", "performance"),
                            ("agents", "agents"),
                            ("satisfaction", "satisfaction"),
                            ("all", "everything"),
                        ],
                        max_length=12,
                        verbose_name="type",
                    ),
                ),
                (
                    "period",
                    models.CharField(
                        choices=[("daily", "day"), ("weekly", "week"), ("monthly", "month")],
                        max_length=7,
                        verbose_name="period",
                    ),
                ),
                ("first_day", models.DateField(verbose_name="first day")),
                ("last_day", models.DateField(verbose_name="last day")),
                ("data", models.JSONField(default=dict, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="made"
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
                "verbose_name": "report",
                "verbose_name_plural": "reports",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "report_type", "period", "first_day"), name="report_made_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageMetric",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("date", models.DateField(verbose_name="day")),
                ("total_conversations", models.IntegerField(default=0, verbose_name="conversations")),
                ("total_messages", models.IntegerField(default=0, verbose_name="messages")),
                ("total_tokens", models.BigIntegerField(default=0, verbose_name="tokens")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
                (
                    "contact",
                    tenants.fields.TenantForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chats.contact",
                        verbose_name="contact",
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
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "usage",
                "verbose_name_plural": "usage",
                "indexes": [
                    models.Index(fields=["user", "date"], name="idx_usage_metrics_user_date"),
                    models.Index(fields=["contact", "date"], name="usage_of_contact"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "date", "contact"), name="contacts_usage_once_a_day"),
                    models.UniqueConstraint(fields=("tenant", "date", "user"), name="persons_usage_once_a_day"),
                ],
            },
        ),
        TenantPolicy("DayFigures"),
        TenantPolicy("Report"),
        TenantPolicy("UsageMetric"),
        CompositeForeignKey("UsageMetric", "contact", "chats.Contact"),
    ]
