"""Retrieval on real data sets beside a plain BM25, and how fast it is: python -m benchmarks.retrieval

The sets are read from the folder that CHARLA_DATASETS names. `CHARLA_SETS=xquad_en,faq_datatalks` chooses some.
"""

import os
import random
import sys
from pathlib import Path

from benchmarks.figures import Report, machine, percentile, reporting
from benchmarks.installation import TENANT, installation

LEAST_FIRST = {"xquad_en": 0.95, "xquad_es": 0.945}
LEAST_WITHIN_FIVE = {"faq_datatalks": 0.95}
WORDS = 10_000
SYLLABLES = "ba be ca ce co da de do fa fe ga go la le lo ma me mo na ne no pa pe po ra re ro sa se so ta te to"
GRAMMAR = "el la de que y en un para con por los se del las"


def measure(report: Report, folder: Path, chosen: list[str]) -> None:
    """Score the chosen sets."""
    from benchmarks.retrieval_scores import floor, load, score
    from benchmarks.retrieval_sets import SETS
    from tenants.models import TenantModel

    tenant, _created = TenantModel.objects.get_or_create(name=TENANT)
    for name in chosen:
        picked = SETS[name](folder)
        low, scores = floor(picked), score(load(tenant, picked), picked)
        report.note(f"\n{name}: {len(picked.questions)} questions")
        report.add("first place", scores.first, least=LEAST_FIRST.get(name))
        report.add("first place, plain BM25", low.first)
        report.add("among the first five", scores.within_five, least=LEAST_WITHIN_FIVE.get(name))
        report.add("among the first five, plain BM25", low.within_five)
        report.add("right and given as the answer", scores.first_and_given)
        if any(not asked.answers for asked in picked.questions):
            report.add("without an answer: declined", scores.declined)
            report.add("… of those that are no entry's very question", scores.declined_unasked, least=0.8)
        report.add("a search, p50", percentile(scores.seconds, 0.5) * 1000, "ms")
        report.add("a search, p95", percentile(scores.seconds, 0.95) * 1000, "ms")


def measure_speed(report: Report, chunks: int) -> None:
    """Time the first delta of a built-in answer with many chunks."""
    import time

    from agents.lifecycle import ensure_default_model
    from agents.models import AgentKnowledgeBase, AgentModel, KnowledgeBase
    from agents.replies import ConversationTurn
    from agents.services.agent_service import AgentService
    from agents.services.documents import store
    from tenants.models import TenantModel
    from tenants.scope import in_tenant, tenant_scope

    tenant, _created = TenantModel.objects.get_or_create(name=f"{TENANT}-{chunks}")
    entries = made_up_entries(chunks)
    with in_tenant(tenant):
        ensure_default_model(tenant)
        base = KnowledgeBase.objects.create(name="large")
        agent = AgentModel.objects.create(name="Large", is_default=True)
        AgentKnowledgeBase.objects.create(agent=agent, knowledge_base=base)
    for start in range(0, chunks, 500):
        with in_tenant(tenant):
            store(base, entries[start : start + 500])
    seconds = []
    for entry in random.Random(2).sample(entries, 200):
        began = time.perf_counter()
        with tenant_scope(tenant):
            turns = [ConversationTurn("user", entry.title)]
            stream = AgentService.stream_reply(agent_id=agent.id, turns=turns, language="es")
            next(stream)
            seconds.append(time.perf_counter() - began)
            list(stream)
    report.note(f"\nfirst delta of a built-in answer, {chunks:,} chunks")
    report.add("p50", percentile(seconds, 0.5) * 1000, "ms")
    report.add("p95", percentile(seconds, 0.95) * 1000, "ms", most=150)


def made_up_entries(count: int) -> list:  # type: ignore[type-arg]
    """Return entries of made-up words, some frequent and most rare, as in a real language."""
    from agents.services.documents import Entry

    chance = random.Random(1)
    known = ["".join(chance.choices(SYLLABLES.split(), k=chance.randint(2, 4))) for _ in range(WORDS)]

    def say(length: int) -> str:
        return " ".join(
            chance.choice(GRAMMAR.split()) if chance.random() < 0.4 else known[int(WORDS * chance.random() ** 3)]
            for _ in range(length)
        )

    return [Entry(f"¿Cómo {say(8)}?", f"{say(40).capitalize()}.", "made-up", "es") for _ in range(count)]


def main() -> int:
    """Measure everything; the exit status tells whether all targets were reached."""
    folder = Path(os.environ.get("CHARLA_DATASETS", "../shared/data"))
    with reporting() as report:
        report.note(machine())
        with installation():
            if folder.is_dir():
                from benchmarks.retrieval_sets import SETS

                measure(report, folder, os.environ.get("CHARLA_SETS", ",".join(SETS)).split(","))
            else:
                report.note(f"{folder}: no such folder; the data sets are not measured.")
            for chunks in (1_000, 10_000):
                measure_speed(report, chunks)
    return int(any(figure.verdict == "missed" for figure in report.figures))


if __name__ == "__main__":
    sys.exit(main())
