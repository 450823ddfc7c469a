"""The views of database-components.md, under the policies of whoever asks (decision 24).

`user_statistics` aggregates before it joins: the documented join multiplies tokens by messages.
"""

from django.db import migrations, models

VIEWS = """
CREATE VIEW user_statistics WITH (security_invoker = true) AS
SELECT c.id, c.tenant_id, coalesce(nullif(c.name, ''), c.external_id) AS username, c.email,
       coalesce(talk.total_conversations, 0) AS total_conversations,
       coalesce(talk.total_messages, 0) AS total_messages,
       coalesce(talk.total_tokens, 0) AS total_tokens,
       talk.last_conversation
FROM chats_contact c
LEFT JOIN (
    SELECT tenant_id, contact_id, count(*) AS total_conversations, sum(message_count)::bigint AS total_messages,
           sum(total_tokens)::bigint AS total_tokens, max(created_at) AS last_conversation
    FROM chats_chatmodel WHERE status <> 'deleted' GROUP BY tenant_id, contact_id
) AS talk ON talk.tenant_id = c.tenant_id AND talk.contact_id = c.id;

CREATE VIEW model_performance_summary WITH (security_invoker = true) AS
SELECT m.name, m.provider, count(c.id) AS total_conversations,
       avg(c.total_tokens)::float8 AS avg_tokens_per_conversation, sum(c.total_tokens)::bigint AS total_tokens_used
FROM agents_aimodel m LEFT JOIN chats_chatmodel c ON c.model_used = m.name
WHERE m.is_active GROUP BY m.id, m.name, m.provider;
"""
VIEWS_BACK = """
DROP VIEW model_performance_summary;
DROP VIEW user_statistics;
"""


class Migration(migrations.Migration):
    dependencies = [("chats", "0010_policies_keys_and_triggers")]

    operations = [
        migrations.RunSQL(VIEWS, VIEWS_BACK),
        migrations.CreateModel(
            name="ModelPerformanceSummary",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False, verbose_name="name")),
                ("provider", models.CharField(max_length=50, verbose_name="provider")),
                ("total_conversations", models.BigIntegerField(verbose_name="conversations")),
                ("avg_tokens_per_conversation", models.FloatField(null=True, verbose_name="tokens per conversation")),
                ("total_tokens_used", models.BigIntegerField(null=True, verbose_name="tokens")),
            ],
            options={
                "verbose_name": "model's summary",
                "verbose_name_plural": "models' summaries",
                "db_table": "model_performance_summary",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="UserStatistics",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("username", models.CharField(max_length=255, verbose_name="name")),
                ("email", models.CharField(max_length=255, verbose_name="e-mail")),
                ("total_conversations", models.BigIntegerField(verbose_name="conversations")),
                ("total_messages", models.BigIntegerField(verbose_name="messages")),
                ("total_tokens", models.BigIntegerField(verbose_name="tokens")),
                ("last_conversation", models.DateTimeField(null=True, verbose_name="last conversation")),
            ],
            options={
                "verbose_name": "person's statistics",
                "verbose_name_plural": "people's statistics",
                "db_table": "user_statistics",
                "managed": False,
            },
        ),
    ]
