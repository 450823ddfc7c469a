"""Models at providers outside: their name there, any address, and each tenant's own keys."""

import django.db.models.deletion
from django.db import migrations, models

import agents.fields
import tenants.fields
import tenants.models
from tenants.rls import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [("agents", "0006_knowledge_search"), ("tenants", "0005_longer_references")]

    operations = [
        migrations.AddField(
            "aimodel",
            "remote_name",
            models.CharField(
                blank=True,
                db_default="",
                help_text="By which the provider knows the model, such as gpt-4.1-mini. Empty: the name above.",
                max_length=200,
                verbose_name="name at the provider",
            ),
        ),
        migrations.AlterField(
            "aimodel",
            "base_url",
            models.CharField(
                blank=True,
                help_text=(
                    "Of an OpenAI-compatible server, such as https://openrouter.ai/api/v1. Empty: the provider's own."
                ),
                max_length=500,
                validators=[agents.fields.validate_address],
                verbose_name="address",
            ),
        ),
        migrations.CreateModel(
            name="ProviderCredential",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                (
                    "provider",
                    models.CharField(
                        choices=[
                            ("openai", "OpenAI"),
                            ("anthropic", "Anthropic"),
                            ("openai_compatible", "OpenAI-compatible"),
                        ],
                        max_length=50,
                        verbose_name="provider",
                    ),
                ),
                (
                    "base_url",
                    models.CharField(
                        blank=True,
                        help_text=(
                            "The key is sent to this address alone. It is that of the models it is for; empty like"
                            " theirs."
                        ),
                        max_length=500,
                        validators=[agents.fields.validate_address],
                        verbose_name="address",
                    ),
                ),
                ("sealed_secret", models.TextField(db_default="", editable=False)),
                ("ending", models.CharField(db_default="", editable=False, max_length=4, verbose_name="ends in")),
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
            ],
            options={
                "verbose_name": "key to a provider",
                "verbose_name_plural": "keys to providers",
                "ordering": ["provider", "base_url"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "provider", "base_url"),
                        name="provider_credential_once_per_address",
                        violation_error_message="There is a key for this provider and address already.",
                    )
                ],
            },
        ),
        TenantPolicy("ProviderCredential"),
    ]
