"""Files that came with messages."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("chats", "0013_open_and_completed_chats"),
        ("tenants", "0006_work_by_its_time"),
    ]

    operations = [
        migrations.CreateModel(
            name="MediaContentModel",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, editable=False)),
                (
                    "media_type",
                    models.CharField(
                        choices=[("image", "image"), ("file", "file"), ("audio", "audio")],
                        max_length=50,
                        verbose_name="kind",
                    ),
                ),
                ("media", models.FileField(max_length=200, upload_to="", verbose_name="file")),
                ("thumbnail", models.FileField(blank=True, default="", max_length=200, upload_to="")),
                ("name", models.CharField(blank=True, default="", max_length=255, verbose_name="name")),
                ("mime_type", models.CharField(max_length=100, verbose_name="format")),
                ("size", models.BigIntegerField(verbose_name="size")),
                ("width", models.PositiveIntegerField(blank=True, null=True)),
                ("height", models.PositiveIntegerField(blank=True, null=True)),
                ("sha256", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "chat",
                    tenants.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="media",
                        to="chats.chatmodel",
                        verbose_name="chat",
                    ),
                ),
                (
                    "content",
                    tenants.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="media",
                        to="chats.contentchatmodel",
                        verbose_name="chat content",
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
                "verbose_name": "media content",
                "verbose_name_plural": "media contents",
                "ordering": ["position"],
            },
        ),
        TenantPolicy("MediaContentModel"),
        CompositeForeignKey("MediaContentModel", "chat", "chats.ChatModel"),
        CompositeForeignKey("MediaContentModel", "content", "chats.ContentChatModel"),
    ]
