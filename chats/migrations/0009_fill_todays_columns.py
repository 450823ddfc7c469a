"""Old chats get their tenant (the agent's), their messages a sequence, and the counters what they should count."""

from django.db import migrations

FILL = """
UPDATE chats_chatmodel AS chat SET tenant_id = agent.tenant_id, last_activity = chat.created_at
FROM agents_agentmodel AS agent WHERE agent.id = chat.agent_id AND chat.tenant_id IS NULL;

INSERT INTO chats_contact (tenant_id, channel, external_id, name, email, chat_address, labels, language,
                           last_activity, created_at)
SELECT tenant_id, 'web', user_id, '', '', '', '[]', '', max(updated_at), min(created_at)
FROM chats_chatmodel WHERE contact_id IS NULL GROUP BY tenant_id, user_id
ON CONFLICT DO NOTHING;

UPDATE chats_chatmodel AS chat SET contact_id = contact.id FROM chats_contact AS contact
WHERE chat.contact_id IS NULL AND contact.tenant_id = chat.tenant_id AND contact.external_id = chat.user_id
  AND contact.channel = 'web';

UPDATE chats_contentchatmodel AS written SET tenant_id = chat.tenant_id, sequence = numbered.sequence
FROM chats_chatmodel AS chat,
     (SELECT id, row_number() OVER (PARTITION BY chat_id ORDER BY timestamp, id) AS sequence
      FROM chats_contentchatmodel) AS numbered
WHERE chat.id = written.chat_id AND numbered.id = written.id AND written.sequence IS NULL;

UPDATE chats_chatmodel AS chat SET message_count = counted.messages, last_sequence = counted.messages,
    answered_sequence = counted.messages, last_activity = counted.latest,
    title = CASE WHEN chat.title = '' THEN left(counted.opening, 80) ELSE chat.title END
FROM (SELECT chat_id, count(*) AS messages, max(timestamp) AS latest,
             (array_agg(content ORDER BY sequence))[1] AS opening
      FROM chats_contentchatmodel GROUP BY chat_id) AS counted
WHERE counted.chat_id = chat.id;

SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("chats", "0008_channels_contacts_and_todays_fields"), ("agents", "0005_policies_and_vocabulary")]

    # Going back needs nothing: 0008's reverse takes the columns away, and the messages' time keeps their order.
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
