"""Open log-ins, the networks that they come from, second factors and their recovery codes: all of people."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import tenants.fields


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0008_invitations"),
        ("knox", "0009_extend_authtoken_field"),
    ]

    operations = [
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="second_factor",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("secret", models.TextField()),
                ("last_step", models.BigIntegerField(default=0)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="KnownAddress",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("network_hash", models.CharField(max_length=64)),
                ("last_used_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["last_used_at"], name="known_address_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "network_hash"), name="a_network_once_per_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="LoginSession",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("session_key", models.CharField(editable=False, max_length=40, null=True, unique=True)),
                ("address", models.GenericIPAddressField(editable=False, null=True, verbose_name="address")),
                ("user_agent", models.CharField(default="", editable=False, max_length=200, verbose_name="program")),
                ("second_factor", models.BooleanField(default=False, editable=False, verbose_name="second factor")),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="logged in"
                    ),
                ),
                (
                    "last_seen_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="last seen"
                    ),
                ),
                ("expires_at", models.DateTimeField(editable=False, verbose_name="ends at the latest")),
                (
                    "token",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="login_session",
                        to="knox.authtoken",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "open log-in",
                "verbose_name_plural": "open log-ins",
                "ordering": ["-last_seen_at"],
                "indexes": [models.Index(fields=["last_seen_at"], name="login_session_seen")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("token__isnull", True), ("session_key__isnull", True), _connector="XOR"),
                        name="a_token_or_a_cookie",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RecoveryCode",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code_hash", models.CharField(max_length=64)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "code_hash"), name="a_recovery_code_once")],
            },
        ),
    ]
