"""New bases hold what version 2 wants; those that are there come to it by `migrate_knowledge_base`. No SQL."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0007_models_outside")]

    operations = [
        migrations.AlterField(
            model_name="knowledgebase",
            name="schema_version",
            field=models.PositiveSmallIntegerField(default=2, editable=False, verbose_name="schema version"),
        ),
    ]
