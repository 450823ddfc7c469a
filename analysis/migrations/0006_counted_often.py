"""Count the values of moods, intents and figures when a hundredth of them has changed.

Autovacuum would wait for a tenth of the table: a tenant that is new in a large installation stays unknown to the planner
until then, and its pages are planned as if it had one row.
"""

from django.db import migrations

TABLES = ("analysis_sentimentchatmodel", "analysis_messageintent", "analysis_conversationanalytics")
OFTEN = "ALTER TABLE {} SET (autovacuum_analyze_scale_factor = 0.01)"
AS_USUAL = "ALTER TABLE {} RESET (autovacuum_analyze_scale_factor)"


class Migration(migrations.Migration):
    dependencies = [("analysis", "0005_days_usage_and_reports")]

    operations = [migrations.RunSQL(OFTEN.format(table), AS_USUAL.format(table)) for table in TABLES]
