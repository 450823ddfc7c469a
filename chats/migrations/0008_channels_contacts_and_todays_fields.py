"""Channels, contacts, sessions and the columns of today; what is not null yet is filled by the next migration."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import chats.models.people
import tenants.fields
import tenants.models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0001_initial"),
        ("chats", "0007_remove_chatmodel_agent_instance"),
        ("tenants", "0002_policies_and_lookups"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Channel",
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
                        choices=[
                            ("web", "web widget"),
                            ("api", "API"),
                            ("whatsapp", "WhatsApp"),
                            ("console", "console"),
                        ],
                        default="web",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "publishable_key",
                    models.CharField(
                        default=chats.models.people.new_publishable_key,
                        max_length=64,
                        unique=True,
                        verbose_name="publishable key",
                    ),
                ),
                (
                    "widget_secret",
                    models.CharField(default=chats.models.people.new_widget_secret, editable=False, max_length=64),
                ),
                ("settings", models.JSONField(blank=True, default=dict, verbose_name="settings")),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ],
            options={
                "verbose_name": "channel",
                "verbose_name_plural": "channels",
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("web", "web widget"),
                            ("api", "API"),
                            ("whatsapp", "WhatsApp"),
                            ("console", "console"),
                        ],
                        default="web",
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                ("external_id", models.CharField(max_length=255, verbose_name="id in its channel")),
                ("name", models.CharField(blank=True, max_length=255, verbose_name="name")),
                ("email", models.EmailField(blank=True, max_length=255, verbose_name="e-mail")),
                ("chat_address", models.CharField(blank=True, max_length=255, verbose_name="address")),
                ("labels", models.JSONField(blank=True, default=list, verbose_name="labels")),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        choices=[("es", "Spanish"), ("en", "English")],
                        max_length=8,
                        verbose_name="language",
                    ),
                ),
                ("last_activity", models.DateTimeField(auto_now_add=True, verbose_name="last activity")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ],
            options={
                "verbose_name": "contact",
                "verbose_name_plural": "contacts",
            },
        ),
        migrations.CreateModel(
            name="VisitorSession",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ],
            options={
                "verbose_name": "visitor session",
                "verbose_name_plural": "visitor sessions",
            },
        ),
        migrations.AlterModelOptions(
            name="chatmodel",
            options={"verbose_name": "chat", "verbose_name_plural": "chats"},
        ),
        migrations.AlterModelOptions(
            name="contentchatmodel",
            options={"ordering": ["sequence"], "verbose_name": "chat content", "verbose_name_plural": "chat contents"},
        ),
        migrations.RemoveIndex(
            model_name="chatmodel",
            name="chats_chatm_chat_id_idx",
        ),
        migrations.RemoveIndex(
            model_name="chatmodel",
            name="chats_chatm_user_id_idx",
        ),
        migrations.RemoveIndex(
            model_name="chatmodel",
            name="chats_chatm_created_idx",
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="agent_settings",
            field=models.JSONField(blank=True, default=dict, verbose_name="agent's settings"),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="answered_sequence",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="archived_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="archived"),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="assigned_to",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="assigned to",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="channel",
            field=models.CharField(
                choices=[("web", "web widget"), ("api", "API"), ("whatsapp", "WhatsApp"), ("console", "console")],
                default="web",
                max_length=10,
                verbose_name="channel",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="is_active",
            field=models.BooleanField(default=True, verbose_name="active"),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="is_group",
            field=models.BooleanField(default=False, verbose_name="group"),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="last_activity",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), verbose_name="last activity"
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="last_sequence",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="message_count",
            field=models.IntegerField(default=0, verbose_name="messages"),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="model_used",
            field=models.CharField(blank=True, default="", max_length=100, verbose_name="model used"),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="owner_version",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="settings",
            field=models.JSONField(blank=True, default=dict, verbose_name="settings"),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="status",
            field=models.CharField(
                choices=[
                    ("active", "active"),
                    ("waiting", "waiting for a person"),
                    ("completed", "completed"),
                    ("archived", "archived"),
                    ("deleted", "deleted"),
                ],
                default="active",
                max_length=10,
                verbose_name="status",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                null=True,
                related_name="+",
                to="tenants.tenantmodel",
                verbose_name="tenant",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="title",
            field=models.CharField(blank=True, default="", max_length=255, verbose_name="title"),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="total_tokens",
            field=models.BigIntegerField(default=0, verbose_name="tokens"),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="author",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="author",
            ),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="client_message_id",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="encryption_key_id",
            field=models.CharField(blank=True, default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="external_id",
            field=models.CharField(blank=True, default="", editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="in_response_to",
            field=tenants.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="chats.contentchatmodel",
                verbose_name="in response to",
            ),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="is_automatic",
            field=models.BooleanField(default=False, editable=False, verbose_name="automatic"),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="is_encrypted",
            field=models.BooleanField(default=False, editable=False, verbose_name="encrypted"),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="language",
            field=models.CharField(blank=True, default="", max_length=8, verbose_name="language"),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="metadata",
            field=models.JSONField(blank=True, default=dict, verbose_name="metadata"),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="model_used",
            field=models.CharField(blank=True, default="", max_length=100, verbose_name="model used"),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="sequence",
            field=models.IntegerField(editable=False, null=True, verbose_name="number"),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                null=True,
                related_name="+",
                to="tenants.tenantmodel",
                verbose_name="tenant",
            ),
        ),
        migrations.AddField(
            model_name="contentchatmodel",
            name="tokens_used",
            field=models.IntegerField(default=0, verbose_name="tokens"),
        ),
        migrations.AlterField(
            model_name="chatmodel",
            name="agent",
            field=tenants.fields.TenantForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="chats",
                to="agents.agentmodel",
                verbose_name="agent",
            ),
        ),
        migrations.AlterField(
            model_name="chatmodel",
            name="chat_id",
            field=models.UUIDField(
                db_default=tenants.fields.UUIDv7(), editable=False, unique=True, verbose_name="chat"
            ),
        ),
        migrations.AlterField(
            model_name="chatmodel",
            name="created_at",
            field=models.DateTimeField(auto_now_add=True, verbose_name="created"),
        ),
        migrations.AlterField(
            model_name="chatmodel",
            name="session_id",
            field=models.CharField(blank=True, max_length=255, null=True, verbose_name="session"),
        ),
        migrations.AlterField(
            model_name="chatmodel",
            name="updated_at",
            field=models.DateTimeField(auto_now=True, verbose_name="updated"),
        ),
        migrations.AlterField(
            model_name="chatmodel",
            name="user_id",
            field=models.CharField(max_length=255, verbose_name="person's id"),
        ),
        migrations.AlterField(
            model_name="contentchatmodel",
            name="chat",
            field=tenants.fields.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="contents",
                to="chats.chatmodel",
                verbose_name="chat",
            ),
        ),
        migrations.AlterField(
            model_name="contentchatmodel",
            name="content",
            field=models.TextField(verbose_name="content"),
        ),
        migrations.AlterField(
            model_name="contentchatmodel",
            name="content_type",
            field=models.CharField(
                choices=[("text", "text"), ("image", "image"), ("file", "file"), ("audio", "audio")],
                default="text",
                max_length=50,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="contentchatmodel",
            name="sender",
            field=models.CharField(
                choices=[("user", "person"), ("agent", "AI agent"), ("staff", "staff"), ("system", "system")],
                default="user",
                max_length=20,
                verbose_name="sender",
            ),
        ),
        migrations.AlterField(
            model_name="contentchatmodel",
            name="timestamp",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="time"
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                default=tenants.models.tenant_in_scope,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenantmodel",
                verbose_name="tenant",
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                default=tenants.models.tenant_in_scope,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenantmodel",
                verbose_name="tenant",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="contact",
            field=tenants.fields.TenantForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="chats",
                to="chats.contact",
                verbose_name="contact",
            ),
        ),
        migrations.AddField(
            model_name="visitorsession",
            name="contact",
            field=tenants.fields.TenantForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sessions",
                to="chats.contact",
                verbose_name="contact",
            ),
        ),
        migrations.AddField(
            model_name="visitorsession",
            name="tenant",
            field=models.ForeignKey(
                db_index=False,
                default=tenants.models.tenant_in_scope,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenantmodel",
                verbose_name="tenant",
            ),
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="channel_name_once_per_tenant"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(
                fields=("tenant", "channel", "external_id"), name="contact_once_per_channel"
            ),
        ),
    ]
