"""Bursts of messages that are answered as one (decision 8)."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0011_documented_views"),
        ("tenants", "0003_dead_work_and_known_time_zones"),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageBuffer",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("messages", models.JSONField(default=list, verbose_name="messages")),
                ("first_message_at", models.DateTimeField(verbose_name="first message")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                (
                    "contact",
                    tenants.fields.TenantForeignKey(
                        db_index=False,
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
            ],
            options={
                "verbose_name": "message buffer",
                "verbose_name_plural": "message buffers",
                "indexes": [models.Index(fields=["expires_at"], name="idx_buffers_expires")],
                "constraints": [models.UniqueConstraint(fields=("contact",), name="one_buffer_per_contact")],
            },
        ),
        TenantPolicy("MessageBuffer"),
        CompositeForeignKey("MessageBuffer", "contact", "chats.Contact"),
    ]
