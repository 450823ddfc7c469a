"""Retrieval on real data sets beside a plain BM25: python -m benchmarks.retrieval

The sets are read from the folder that CHARLA_DATASETS names. `CHARLA_SETS=xquad_en,faq_datatalks` chooses some.
"""

import os
import sys
from pathlib import Path

from benchmarks.figures import Report, machine, percentile, reporting
from benchmarks.installation import TENANT, installation

LEAST_FIRST = {"xquad_en": 0.95, "xquad_es": 0.945}
LEAST_WITHIN_FIVE = {"faq_datatalks": 0.95}


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


def main() -> int:
    """Measure the sets that there are."""
    folder = Path(os.environ.get("CHARLA_DATASETS", "../shared/data"))
    with reporting() as report:
        report.note(machine())
        with installation():
            if folder.is_dir():
                from benchmarks.retrieval_sets import SETS

                measure(report, folder, os.environ.get("CHARLA_SETS", ",".join(SETS)).split(","))
            else:
                report.note(f"{folder}: no such folder; the data sets are not measured.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
