"""Search among two million messages of two tenants, and what it finds when they are sealed."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.figures import Report, median, percentile, reporting
from benchmarks.flatness import Bulk
from benchmarks.installation import Cast, Installation, installation, make_cast

MESSAGES, CHATS = 1_000_000, 20_000
FREQUENCIES = (1, 10, 100, 1_000, 5_000, 10_000)
ROUNDS = 20
SAID = 2_000
# Made-up words, frequent and rare as people's are, and planted ones that are in so many of each tenant's messages.
FILL = """
INSERT INTO chats_contentchatmodel (tenant_id, chat_id, sequence, content, search_vector, content_type, sender,
    language, client_message_id, external_id, tokens_used, model_used, is_automatic, is_encrypted, encryption_key_id,
    metadata)
SELECT tenant_id, chat_id, sequence, content, to_tsvector('charla_en', content), 'text', 'user', 'en', '', '', 0, '',
    false, false, '', '{}'
FROM (SELECT c.tenant_id, c.id AS chat_id, n / %(chats)s + 1000 AS sequence,
        (SELECT string_agg('w' || floor(exp(random() * 11)), ' ') FROM generate_series(1, 12) WHERE n IS NOT NULL)
        || CASE WHEN n %% 100 = 7 THEN ' hit10000' ELSE '' END || CASE WHEN n %% 200 = 9 THEN ' hit5000' ELSE '' END
        || CASE WHEN n %% 1000 = 11 THEN ' hit1000' ELSE '' END || CASE WHEN n %% 10000 = 13 THEN ' hit100' ELSE '' END
        || CASE WHEN n %% 100000 = 17 THEN ' hit10' ELSE '' END
        || CASE WHEN n = 500019 THEN ' hit1' ELSE '' END AS content
      FROM generate_series(1, %(messages)s) AS n JOIN (
        SELECT id, tenant_id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) - 1 AS place
        FROM chats_chatmodel WHERE user_id LIKE 'bulk-%%') AS c ON c.place = n %% %(chats)s
      ORDER BY n) AS made
"""
KEEP = "DROP INDEX idx_messages_content_fts"


def fill(made: Installation, people: Cast) -> None:
    """Give two tenants a million messages each, mixed as they would come."""
    bulk = Bulk(made)
    other = "(SELECT id FROM tenants_tenantmodel WHERE name = 'other')"
    bulk.copy("tenants_tenantmodel", "was.id = %s", "generate_series(1, 1) AS n", {"name": "'other'"}, people.tenant_id)
    changed = {"user_id": "'bulk-' || n"}
    template = "was.chat_id = %s"
    series = f"generate_series(1, {CHATS}) AS n"
    bulk.copy("chats_chatmodel", template, series, {**changed, "tenant_id": other}, people.chats[0])
    bulk.copy("chats_chatmodel", template, series, changed, people.chats[0])
    index = bulk.connection.execute("SELECT pg_get_indexdef('idx_messages_content_fts'::regclass)").fetchone()
    bulk.run(KEEP)
    bulk.connection.execute(FILL, {"messages": MESSAGES, "chats": CHATS})
    bulk.run("SET maintenance_work_mem = '512MB'")
    bulk.connection.execute(str(index[0]) if index else "")
    bulk.run("VACUUM ANALYZE")


def asked(query: str, tenant_id: Any) -> tuple[float, int]:
    """Return the milliseconds that a search takes from the question to the page, and how many it shows."""
    from chats.api.search_views import MessageHitSerializer
    from chats.services.searching import Filters, search_messages
    from tenants.scope import in_tenant

    began = time.perf_counter()
    with in_tenant(tenant_id):
        page = search_messages(query=query, filters=Filters(), size=20)
        shown = len(MessageHitSerializer(page.hits, many=True).data)
    return (time.perf_counter() - began) * 1e3, shown


def measure(report: Report, people: Cast) -> None:
    """Ask for words that are in few and in many messages, alone, together, as phrases and without others."""
    queries = {f"{number:,} matches": f"hit{number}" for number in FREQUENCIES}
    queries |= {
        "two words": "hit10000 w3",
        "a phrase": '"w3 w2"',
        "a phrase that stands nowhere": '"hit1000 hit10000"',
        "without a word": "hit5000 -w3",
    }
    everything: list[float] = []
    for name, query in queries.items():
        asked(query, people.tenant_id)
        times = [asked(query, people.tenant_id)[0] for _ in range(ROUNDS)]
        everything += times
        report.add(f"{name}, median", median(times), "ms")
        report.add(f"{name}, 95th percentile", percentile(times, 0.95), "ms")
    report.add("all of them, 95th percentile", percentile(everything, 0.95), "ms", most=50)


def messages_of(language: str) -> Iterator[str]:
    """Yield real messages of a language, from the data sets that CHARLA_DATASETS names."""
    path = Path(os.environ["CHARLA_DATASETS"]) / "sentiment_umsab" / f"{language}.train.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines()[:SAID]:
        yield str(json.loads(line)["text"])


def recall(report: Report, chat_id: str, tenant: Any, language: str) -> None:
    """Compare what every word of real messages finds while they are clear with what it finds when they are sealed."""
    from django.core.management import call_command

    from chats.services.messages import post_message
    from chats.services.search_terms import read_search
    from chats.services.searching import BEGINNING, Filters, _ask
    from tenants.folding import WORD
    from tenants.scope import in_tenant
    from tenants.services.config import forget_settings

    said = list(messages_of(language))
    with in_tenant(tenant.pk):
        for text in said:
            post_message(chat_id=chat_id, content=text)
    words = sorted({word for text in said for word in WORD.findall(text.lower())})[::7]

    def found() -> list[set[int]]:
        with in_tenant(tenant.pk):
            return [{each for each, _chat in _ask(read_search(word), Filters(), BEGINNING, 10_000)} for word in words]

    clear = found()
    tenant.settings = {**tenant.settings, "encryption_policy": "all"}
    tenant.save()
    forget_settings()
    call_command("encrypt_sensitive_messages", tenant=tenant.name, all=True, no_progress=True, verbosity=0)
    sealed = found()
    hits = sum(len(each) for each in clear)
    both = sum(len(one & other) for one, other in zip(clear, sealed, strict=True))
    report.add(f"recall, {language}, {len(words)} words, {hits} hits", both / hits, least=1.0)
    extra = sum(len(other - one) for one, other in zip(clear, sealed, strict=True))
    report.add(f"found sealed but not clear, {language}", extra, "", most=0)


def main() -> None:
    """Measure recall in two small tenants, then the time in a large one."""
    with reporting() as report, installation() as made:
        from chats.services.lifecycle import create_chat
        from tenants.models import TenantModel
        from tenants.scope import in_tenant

        for language in ("es", "en"):
            small = TenantModel.objects.create(name=f"small-{language}", settings={"max_conversation_length": 100_000})
            with in_tenant(small.pk):
                chat = create_chat(user_id="p", channel="api")
                chat.refresh_from_db()
            recall(report, str(chat.chat_id), small, language)
        people = make_cast(1)
        fill(made, people)
        measure(report, people)


if __name__ == "__main__":
    main()
