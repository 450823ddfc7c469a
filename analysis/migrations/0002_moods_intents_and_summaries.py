"""Moods, intents, summaries, the figures of a conversation, and what was trained."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import analysis.models.intents
import tenants.fields
import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy

FILL = """
UPDATE analysis_conversationanalytics AS figures
SET began_at = chat.created_at, agent_id = chat.agent_id,
    rated_at = CASE WHEN figures.user_satisfaction_rating IS NULL THEN NULL ELSE figures.updated_at END
FROM chats_chatmodel AS chat WHERE chat.id = figures.chat_id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0006_knowledge_search"),
        ("analysis", "0001_ratings"),
        ("chats", "0013_open_and_completed_chats"),
        ("tenants", "0003_dead_work_and_known_time_zones"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageIntent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("confidence", models.DecimalField(decimal_places=2, max_digits=3, verbose_name="confidence")),
                ("classifier", models.CharField(max_length=64, verbose_name="classifier")),
                ("timestamp", models.DateTimeField(editable=False, verbose_name="time of the message")),
                ("corrected_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="corrected")),
                (
                    "original",
                    models.JSONField(blank=True, editable=False, null=True, verbose_name="before the correction"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
            ],
            options={
                "verbose_name": "intent of a message",
                "verbose_name_plural": "intents of messages",
            },
        ),
        migrations.CreateModel(
            name="SentimentChatModel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "sentiment",
                    models.CharField(
                        choices=[("positive", "positive"), ("neutral", "neutral"), ("negative", "negative")],
                        max_length=8,
                        verbose_name="sentiment",
                    ),
                ),
                ("score", models.DecimalField(decimal_places=2, max_digits=3, verbose_name="score")),
                ("confidence", models.DecimalField(decimal_places=2, max_digits=3, verbose_name="confidence")),
                ("language", models.CharField(blank=True, default="", max_length=8, verbose_name="language")),
                ("analyzer", models.CharField(max_length=64, verbose_name="analyzer")),
                ("timestamp", models.DateTimeField(editable=False, verbose_name="time of the message")),
                ("corrected_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="corrected")),
                (
                    "original",
                    models.JSONField(blank=True, editable=False, null=True, verbose_name="before the correction"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="created"
                    ),
                ),
            ],
            options={
                "verbose_name": "sentiment of a message",
                "verbose_name_plural": "sentiments of messages",
            },
        ),
        migrations.CreateModel(
            name="SharedTrainedModel",
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
                        choices=[("sentiment", "sentiment"), ("intents", "intents")], max_length=12, verbose_name="kind"
                    ),
                ),
                ("language", models.CharField(blank=True, default="", max_length=8, verbose_name="language")),
                ("version", models.CharField(max_length=64, verbose_name="version")),
                ("weights", models.BinaryField(verbose_name="weights")),
                ("figures", models.JSONField(blank=True, default=dict, verbose_name="figures")),
                ("is_active", models.BooleanField(default=False, verbose_name="in use")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ],
            options={
                "verbose_name": "trained model of the installation",
                "verbose_name_plural": "trained models of the installation",
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="TrainedModel",
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
                        choices=[("sentiment", "sentiment"), ("intents", "intents")], max_length=12, verbose_name="kind"
                    ),
                ),
                ("language", models.CharField(blank=True, default="", max_length=8, verbose_name="language")),
                ("version", models.CharField(max_length=64, verbose_name="version")),
                ("weights", models.BinaryField(verbose_name="weights")),
                ("figures", models.JSONField(blank=True, default=dict, verbose_name="figures")),
                ("is_active", models.BooleanField(default=False, verbose_name="in use")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
            ],
            options={
                "verbose_name": "trained model",
                "verbose_name_plural": "trained models",
                "ordering": ["-created_at"],
            },
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="agent",
            field=tenants.fields.TenantForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="agents.agentmodel",
                verbose_name="agent",
            ),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="began_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="began"),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="escalated",
            field=models.BooleanField(default=False, verbose_name="handed to the staff"),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="escalation_reason",
            field=models.CharField(blank=True, default="", max_length=40, verbose_name="why it was handed over"),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="first_response_ms",
            field=models.BigIntegerField(null=True, verbose_name="time to the first reply (ms)"),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="rated_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="rated"),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="resolved_by",
            field=models.CharField(
                choices=[("agent", "AI agent"), ("staff", "staff"), ("none", "nobody")],
                db_default="none",
                default="none",
                max_length=5,
                verbose_name="resolved by",
            ),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="response_time_ms",
            field=models.BigIntegerField(null=True, verbose_name="median time to a reply (ms)"),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="sentiment_score",
            field=models.DecimalField(decimal_places=2, max_digits=3, null=True, verbose_name="sentiment score"),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="through_sequence",
            field=models.IntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="topic_classification",
            field=models.CharField(blank=True, default="", max_length=200, verbose_name="topic"),
        ),
        migrations.CreateModel(
            name="ConversationSummary",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("summary", models.TextField(blank=True, verbose_name="summary")),
                ("key_points", models.JSONField(default=list, verbose_name="key points")),
                ("language", models.CharField(blank=True, default="", max_length=8, verbose_name="language")),
                ("model_used", models.CharField(blank=True, default="", max_length=100, verbose_name="model used")),
                ("tokens_used", models.IntegerField(default=0, verbose_name="tokens")),
                ("through_sequence", models.IntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
                (
                    "chat",
                    tenants.fields.TenantForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="summaries",
                        to="chats.chatmodel",
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
                "verbose_name": "summary",
                "verbose_name_plural": "summaries",
            },
        ),
        migrations.CreateModel(
            name="Intent",
            fields=[
                (
                    "id",
                    tenants.fields.UUIDv7Field(
                        db_default=tenants.fields.UUIDv7(), editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("description", models.TextField(blank=True, default="", verbose_name="description")),
                (
                    "examples",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[analysis.models.intents.validate_examples],
                        verbose_name="examples",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="in use")),
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
                "verbose_name": "intent",
                "verbose_name_plural": "intents",
                "ordering": ["name"],
            },
        ),
        migrations.AddField(
            model_name="conversationanalytics",
            name="main_intent",
            field=tenants.fields.TenantForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="analysis.intent",
                verbose_name="main intent",
            ),
        ),
        migrations.AddIndex(
            model_name="conversationanalytics",
            index=models.Index(fields=["tenant", "began_at"], name="analytics_by_beginning"),
        ),
        migrations.AddConstraint(
            model_name="conversationanalytics",
            constraint=models.CheckConstraint(
                condition=models.Q(("sentiment_score__range", (-1, 1))), name="analytics_score_within_one"
            ),
        ),
        migrations.AddField(
            model_name="messageintent",
            name="chat",
            field=tenants.fields.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="message_intents",
                to="chats.chatmodel",
                verbose_name="chat",
            ),
        ),
        migrations.AddField(
            model_name="messageintent",
            name="corrected_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="corrected by",
            ),
        ),
        migrations.AddField(
            model_name="messageintent",
            name="intent",
            field=tenants.fields.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="analysis.intent",
                verbose_name="intent",
            ),
        ),
        migrations.AddField(
            model_name="messageintent",
            name="message",
            field=tenants.fields.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="intents",
                to="chats.contentchatmodel",
                verbose_name="message",
            ),
        ),
        migrations.AddField(
            model_name="messageintent",
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
            model_name="sentimentchatmodel",
            name="chat",
            field=tenants.fields.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sentiments",
                to="chats.chatmodel",
                verbose_name="chat",
            ),
        ),
        migrations.AddField(
            model_name="sentimentchatmodel",
            name="corrected_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="corrected by",
            ),
        ),
        migrations.AddField(
            model_name="sentimentchatmodel",
            name="message",
            field=tenants.fields.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="sentiments",
                to="chats.contentchatmodel",
                verbose_name="message",
            ),
        ),
        migrations.AddField(
            model_name="sentimentchatmodel",
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
            model_name="sharedtrainedmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("kind", "language"), name="one_shared_model_in_use"
            ),
        ),
        migrations.AddField(
            model_name="trainedmodel",
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
            model_name="conversationsummary",
            constraint=models.UniqueConstraint(fields=("chat",), name="one_summary_per_chat"),
        ),
        migrations.AddConstraint(
            model_name="intent",
            constraint=models.UniqueConstraint(fields=("tenant", "name"), name="intent_name_once_per_tenant"),
        ),
        migrations.AddIndex(
            model_name="messageintent",
            index=models.Index(fields=["chat", "message"], name="intents_of_chat"),
        ),
        migrations.AddIndex(
            model_name="messageintent",
            index=models.Index(fields=["tenant", "timestamp"], include=("intent",), name="intents_by_time"),
        ),
        migrations.AddIndex(
            model_name="messageintent",
            index=models.Index(fields=["intent", "timestamp"], name="messages_of_intent"),
        ),
        migrations.AddIndex(
            model_name="messageintent",
            index=models.Index(
                condition=models.Q(("corrected_at__isnull", False)),
                fields=["tenant", "corrected_at"],
                name="intents_corrected",
            ),
        ),
        migrations.AddConstraint(
            model_name="messageintent",
            constraint=models.UniqueConstraint(fields=("message",), name="one_intent_per_message"),
        ),
        migrations.AddConstraint(
            model_name="messageintent",
            constraint=models.CheckConstraint(
                condition=models.Q(("confidence__range", (0, 1))), name="intent_confidence_within_one"
            ),
        ),
        migrations.AddIndex(
            model_name="sentimentchatmodel",
            index=models.Index(fields=["chat", "message"], name="sentiments_of_chat"),
        ),
        migrations.AddIndex(
            model_name="sentimentchatmodel",
            index=models.Index(
                fields=["tenant", "timestamp"], include=("sentiment", "score"), name="sentiments_by_time"
            ),
        ),
        migrations.AddIndex(
            model_name="sentimentchatmodel",
            index=models.Index(
                condition=models.Q(("corrected_at__isnull", False)),
                fields=["tenant", "corrected_at"],
                name="sentiments_corrected",
            ),
        ),
        migrations.AddConstraint(
            model_name="sentimentchatmodel",
            constraint=models.UniqueConstraint(fields=("message",), name="one_sentiment_per_message"),
        ),
        migrations.AddConstraint(
            model_name="sentimentchatmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__range", (-1, 1))), name="sentiment_score_within_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="sentimentchatmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(("confidence__range", (0, 1))), name="sentiment_confidence_in_one"
            ),
        ),
        migrations.AddIndex(
            model_name="trainedmodel",
            index=models.Index(fields=["tenant", "kind", "-created_at"], name="trained_by_time"),
        ),
        migrations.AddConstraint(
            model_name="trainedmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("tenant", "kind", "language"),
                name="one_trained_model_in_use",
            ),
        ),
        TenantPolicy("Intent"),
        TenantPolicy("SentimentChatModel"),
        TenantPolicy("MessageIntent"),
        TenantPolicy("ConversationSummary"),
        TenantPolicy("TrainedModel"),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        CompositeForeignKey("SentimentChatModel", "message", "chats.ContentChatModel"),
        CompositeForeignKey("SentimentChatModel", "chat", "chats.ChatModel"),
        CompositeForeignKey("MessageIntent", "message", "chats.ContentChatModel"),
        CompositeForeignKey("MessageIntent", "chat", "chats.ChatModel"),
        CompositeForeignKey("MessageIntent", "intent", "Intent"),
        CompositeForeignKey("ConversationSummary", "chat", "chats.ChatModel"),
        CompositeForeignKey("ConversationAnalytics", "agent", "agents.AgentModel"),
        CompositeForeignKey("ConversationAnalytics", "main_intent", "Intent"),
    ]
