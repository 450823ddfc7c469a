"""Count the values of messages, chats and people when a hundredth of them has changed.

Autovacuum would wait for a tenth of the table: a tenant that is new in a large installation stays unknown to the planner
until then, and its pages are planned as if it had one row.
"""

from django.db import migrations

TABLES = ("chats_contentchatmodel", "chats_chatmodel", "chats_contact")
OFTEN = "ALTER TABLE {} SET (autovacuum_analyze_scale_factor = 0.01)"
AS_USUAL = "ALTER TABLE {} RESET (autovacuum_analyze_scale_factor)"


class Migration(migrations.Migration):
    dependencies = [("chats", "0023_indexes_of_lists")]

    operations = [migrations.RunSQL(OFTEN.format(table), AS_USUAL.format(table)) for table in TABLES]
