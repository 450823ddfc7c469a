"""The search reads the best chunks by their ids alone, whatever PostgreSQL believes of the table.

Where a table that had shrunk was counted and then filled again, the planner took it for nearly empty and read all chunks
of a base for the 64 best of them. OFFSET keeps the tenant and the bases out of the choice of an index.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("agents.migrations.0006_knowledge_search").SEARCH.replace("CREATE", "CREATE OR REPLACE", 1)
JOINED = "FROM best JOIN agents_knowledgechunk AS chunk ON chunk.id = best.id\n"
LOOKED_UP = """FROM best CROSS JOIN LATERAL (
        SELECT * FROM agents_knowledgechunk AS chunk WHERE chunk.id = best.id OFFSET 0
    ) AS chunk
"""


class Migration(migrations.Migration):
    dependencies = [("agents", "0008_new_bases_are_of_version_two")]

    operations = [migrations.RunSQL(BEFORE.replace(JOINED, LOOKED_UP), BEFORE)]
