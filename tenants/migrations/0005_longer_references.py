"""References of work rows name what they are for: a schedule's slot, a receiver."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0004_data_keys_and_schedules"),
    ]

    operations = [
        migrations.AlterField(
            model_name="workitem",
            name="ref_id",
            field=models.CharField(max_length=120),
        ),
    ]
