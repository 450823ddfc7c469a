"""How people rate their conversations."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import tenants.fields
import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("chats", "0010_policies_keys_and_triggers"),
        ("tenants", "0002_policies_and_lookups"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConversationAnalytics",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "user_satisfaction_rating",
                    models.SmallIntegerField(
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(5),
                        ],
                        verbose_name="rating",
                    ),
                ),
                ("comment", models.TextField(blank=True, verbose_name="comment")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                (
                    "chat",
                    tenants.fields.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="analytics",
                        to="chats.chatmodel",
                        db_index=False,
                        verbose_name="chat",
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
                "verbose_name": "conversation's figures",
                "verbose_name_plural": "conversations' figures",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("user_satisfaction_rating__range", (1, 5))), name="rating_from_one_to_five"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="conversationanalytics",
            constraint=models.UniqueConstraint(fields=("chat",), name="one_analytics_per_chat"),
        ),
        TenantPolicy("ConversationAnalytics"),
        CompositeForeignKey("ConversationAnalytics", "chat", "chats.ChatModel"),
    ]
