"""What is remembered of contacts beside their messages, and the record of migrations of JSON state."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.encryption.fields
import tenants.fields
import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0021_messages_answering"),
        ("tenants", "0010_work_due_by_tenant"),
    ]

    operations = [
        migrations.CreateModel(
            name="JsonStateBatch",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("threads_sha256", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("guests_sha256", models.CharField(blank=True, default="", editable=False, max_length=64)),
                ("counts", models.JSONField(default=dict, editable=False, verbose_name="counts")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="begun")),
                ("finished_at", models.DateTimeField(editable=False, null=True, verbose_name="finished")),
                ("undone_at", models.DateTimeField(editable=False, null=True, verbose_name="undone")),
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
                "verbose_name": "migration of JSON state",
                "verbose_name_plural": "migrations of JSON state",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="ContactState",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("last_voice_input", models.DateTimeField(blank=True, null=True, verbose_name="last voice message")),
                ("preferences", models.JSONField(blank=True, default=dict, verbose_name="preferences")),
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
                "verbose_name": "contact's state",
                "verbose_name_plural": "contacts' states",
                "constraints": [models.UniqueConstraint(fields=("contact",), name="one_state_per_contact")],
            },
        ),
        migrations.CreateModel(
            name="ContextCache",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("context_text", tenants.encryption.fields.SealedTextField(verbose_name="context")),
                ("is_encrypted", models.BooleanField(default=False, editable=False, verbose_name="encrypted")),
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
                "verbose_name": "context",
                "verbose_name_plural": "contexts",
                "indexes": [models.Index(fields=["expires_at"], name="idx_context_expires")],
                "constraints": [models.UniqueConstraint(fields=("contact",), name="one_context_per_contact")],
            },
        ),
        migrations.CreateModel(
            name="JsonStateChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "table",
                    models.CharField(
                        choices=[("contact", "contact"), ("thread", "thread"), ("state", "state")], max_length=7
                    ),
                ),
                ("row", models.UUIDField()),
                ("was_made", models.BooleanField(default=False)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                (
                    "batch",
                    tenants.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="chats.jsonstatebatch",
                    ),
                ),
                (
                    "contact",
                    tenants.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chats.contact",
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
                "verbose_name": "change by a migration",
                "verbose_name_plural": "changes by migrations",
                "indexes": [models.Index(fields=["contact"], name="state_changes_of_contact")],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "contact", "table", "row"), name="one_change_per_row")
                ],
            },
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("external_thread_id", models.CharField(max_length=255, verbose_name="thread")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("last_message_at", models.DateTimeField(blank=True, null=True, verbose_name="last message")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                (
                    "contact",
                    tenants.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="threads",
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
                "verbose_name": "thread",
                "verbose_name_plural": "threads",
                "indexes": [models.Index(fields=["contact"], name="threads_of_contact")],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "external_thread_id"), name="idx_users_thread_id"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_active", True)),
                        fields=("contact",),
                        name="one_active_thread_per_contact",
                    ),
                ],
            },
        ),
        TenantPolicy("JsonStateBatch"),
        TenantPolicy("ContactState"),
        TenantPolicy("ContextCache"),
        TenantPolicy("JsonStateChange"),
        TenantPolicy("Thread"),
        CompositeForeignKey("ContactState", "contact", "chats.Contact"),
        CompositeForeignKey("ContextCache", "contact", "chats.Contact"),
        CompositeForeignKey("JsonStateChange", "batch", "chats.JsonStateBatch"),
        CompositeForeignKey("JsonStateChange", "contact", "chats.Contact"),
        CompositeForeignKey("Thread", "contact", "chats.Contact"),
    ]
