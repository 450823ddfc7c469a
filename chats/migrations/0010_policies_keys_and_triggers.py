"""What holds from now on: not-null columns, constraints, policies, composite keys, triggers, look-ups."""

import django.db.models.deletion
from django.db import migrations, models

import tenants.models
from tenants.rls import CompositeForeignKey, TenantPolicy

ASSIGNEE = """
ALTER TABLE chats_chatmodel ADD CONSTRAINT chats_chatmodel_assigned_to_id_tenant_fk
    FOREIGN KEY (tenant_id, assigned_to_id) REFERENCES tenants_membership (tenant_id, user_id)
    ON DELETE SET NULL (assigned_to_id) DEFERRABLE INITIALLY DEFERRED
"""
ASSIGNEE_BACK = "ALTER TABLE chats_chatmodel DROP CONSTRAINT chats_chatmodel_assigned_to_id_tenant_fk"

# Statement-level with transition tables: the cost does not grow with the conversation (domain.md, 13).
TRIGGERS = """
CREATE TRIGGER update_conversations_updated_at BEFORE UPDATE ON chats_chatmodel
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE FUNCTION update_conversation_tokens() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE chats_chatmodel AS chat SET total_tokens = chat.total_tokens + moved.tokens
        FROM (SELECT chat_id, sum(tokens_used) AS tokens FROM added GROUP BY chat_id) AS moved
        WHERE chat.id = moved.chat_id AND moved.tokens <> 0;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE chats_chatmodel AS chat SET total_tokens = chat.total_tokens - moved.tokens
        FROM (SELECT chat_id, sum(tokens_used) AS tokens FROM removed GROUP BY chat_id) AS moved
        WHERE chat.id = moved.chat_id AND moved.tokens <> 0;
    ELSE
        UPDATE chats_chatmodel AS chat SET total_tokens = chat.total_tokens + moved.tokens
        FROM (SELECT chat_id, sum(tokens) AS tokens FROM (
                  SELECT chat_id, tokens_used AS tokens FROM added
                  UNION ALL SELECT chat_id, -tokens_used FROM removed) AS both_sides GROUP BY chat_id) AS moved
        WHERE chat.id = moved.chat_id AND moved.tokens <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER update_conversation_tokens_trigger AFTER INSERT ON chats_contentchatmodel
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION update_conversation_tokens();
CREATE TRIGGER update_conversation_tokens_on_update AFTER UPDATE ON chats_contentchatmodel
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION update_conversation_tokens();
CREATE TRIGGER update_conversation_tokens_on_delete AFTER DELETE ON chats_contentchatmodel
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION update_conversation_tokens();
"""
TRIGGERS_BACK = """
DROP TRIGGER update_conversation_tokens_on_delete ON chats_contentchatmodel;
DROP TRIGGER update_conversation_tokens_on_update ON chats_contentchatmodel;
DROP TRIGGER update_conversation_tokens_trigger ON chats_contentchatmodel;
DROP FUNCTION update_conversation_tokens();
DROP TRIGGER update_conversations_updated_at ON chats_chatmodel;
"""

# They come before a tenant is known, so they take a secret's hash or a public key alone (decision 3).
LOOKUPS = """
CREATE FUNCTION charla_visitor(wanted text)
RETURNS TABLE (tenant_id uuid, contact_id uuid, expires_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT v.tenant_id, v.contact_id, v.expires_at
    FROM chats_visitorsession v JOIN tenants_tenantmodel t ON t.id = v.tenant_id
    WHERE v.token_hash = wanted AND t.is_active
$$;
CREATE FUNCTION charla_publishable_key(wanted text) RETURNS TABLE (tenant_id uuid, channel_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT c.tenant_id, c.id
    FROM chats_channel c JOIN tenants_tenantmodel t ON t.id = c.tenant_id
    WHERE c.publishable_key = wanted AND c.is_active AND t.is_active
$$;
"""
LOOKUPS_BACK = """
DROP FUNCTION charla_publishable_key(text);
DROP FUNCTION charla_visitor(text);
"""


class Migration(migrations.Migration):
    dependencies = [("chats", "0009_fill_todays_columns")]

    operations = [
        migrations.AlterField(
            model_name="chatmodel",
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
        migrations.AlterField(
            model_name="contentchatmodel",
            name="sequence",
            field=models.IntegerField(editable=False, verbose_name="number"),
        ),
        migrations.AlterField(
            model_name="contentchatmodel",
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
        migrations.AddIndex(
            model_name="contentchatmodel",
            index=models.Index(fields=["tenant", "timestamp"], name="idx_messages_created_at"),
        ),
        migrations.AddConstraint(
            model_name="contentchatmodel",
            constraint=models.UniqueConstraint(fields=("chat", "sequence"), name="idx_messages_conversation_id"),
        ),
        migrations.AddConstraint(
            model_name="contentchatmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("client_message_id", ""), _negated=True),
                fields=("chat", "client_message_id"),
                name="message_once_per_client_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="contentchatmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("tenant", "external_id"),
                name="message_once_per_external_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="contentchatmodel",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_automatic", True)),
                fields=("tenant", "in_response_to"),
                name="one_automatic_reply",
            ),
        ),
        migrations.AddIndex(
            model_name="chatmodel",
            index=models.Index(fields=["tenant", "user_id"], name="idx_conversations_user_id"),
        ),
        migrations.AddIndex(
            model_name="chatmodel",
            index=models.Index(fields=["tenant", "created_at"], name="chats_by_creation"),
        ),
        migrations.AddIndex(
            model_name="chatmodel",
            index=models.Index(fields=["tenant", "-last_activity"], name="chats_inbox"),
        ),
        migrations.AddIndex(
            model_name="chatmodel",
            index=models.Index(fields=["contact", "-last_activity"], name="chats_of_contact"),
        ),
        migrations.AddConstraint(
            model_name="chatmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_active", True), ("status__in", ["active", "waiting"])),
                    models.Q(("is_active", False), ("status__in", ["completed", "archived", "deleted"])),
                    _connector="OR",
                ),
                name="chat_is_active_as_its_status",
            ),
        ),
        TenantPolicy("Channel"),
        TenantPolicy("Contact"),
        TenantPolicy("VisitorSession"),
        TenantPolicy("ChatModel"),
        TenantPolicy("ContentChatModel"),
        CompositeForeignKey("VisitorSession", "contact", "Contact"),
        CompositeForeignKey("ChatModel", "contact", "Contact"),
        CompositeForeignKey("ChatModel", "agent", "agents.AgentModel"),
        CompositeForeignKey("ContentChatModel", "chat", "ChatModel"),
        CompositeForeignKey("ContentChatModel", "in_response_to", "ContentChatModel"),
        migrations.RunSQL(ASSIGNEE, ASSIGNEE_BACK),
        migrations.RunSQL(TRIGGERS, TRIGGERS_BACK),
        migrations.RunSQL(LOOKUPS, LOOKUPS_BACK),
    ]
