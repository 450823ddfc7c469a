"""Texts that are stored sealed where the tenant's policy says so; titles are as long as a sealed one needs.

`content` stays the column that it was. Going back is refused while a title is sealed: it would not fit any more.
"""

from django.db import migrations, models

import tenants.encryption.fields

REFUSE_WHILE_SEALED = """
DO $$
DECLARE sealed bigint;
BEGIN
    SELECT (SELECT count(*) FROM chats_chatmodel WHERE title_is_encrypted)
         + (SELECT count(*) FROM chats_contentchatmodel WHERE is_encrypted) INTO sealed;
    IF sealed > 0 THEN
        RAISE EXCEPTION '% texts are encrypted: run encrypt_sensitive_messages --decrypt for every tenant first.', sealed;
    END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("chats", "0015_erasures")]

    operations = [
        migrations.AddField(
            model_name="chatmodel",
            name="title_is_encrypted",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="chatmodel",
            name="title",
            field=tenants.encryption.fields.SealedTextField(
                blank=True, default="", max_length=255, verbose_name="title"
            ),
        ),
        migrations.AlterField(
            model_name="contentchatmodel",
            name="content",
            field=tenants.encryption.fields.SealedTextField(verbose_name="content"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, REFUSE_WHILE_SEALED),
    ]
