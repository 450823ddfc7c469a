"""The mood of real messages: what is shipped, and what is learnt from the training part: python -m benchmarks.sentiment

The sets are read from the folder that CHARLA_DATASETS names. Learning reads the training part alone.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from analysis.sentiment import Analyzer, Labelled, evaluate, make_analyzer, train_sentiment
from benchmarks.figures import Report, machine, percentile, reporting
from benchmarks.sentiment_sets import tweeteval, umsab

LANGUAGES = ("es", "en")
LEAST_SHIPPED = {"es": 50.0, "en": 57.0}
LEAST_TRAINED = {"es": 57.0, "en": 60.0}
MOST_MS = 2.0


def measure(report: Report, name: str, analyzer: Analyzer, rows: Sequence[Labelled], language: str) -> None:
    """Score an analyzer on labelled texts; targets stand where the set and analyzer have one."""
    seconds = []
    for row in rows:
        began = time.thread_time()
        analyzer.analyze(row.text, language)
        seconds.append(time.thread_time() - began)
    scores = evaluate(analyzer, rows, language)
    least = (LEAST_SHIPPED if name == "lexical" else LEAST_TRAINED)[language]
    report.add(f"{language} {name}: macro-F1", scores.macro_f1 * 100, least=least)
    for label, value in scores.f1.items():
        report.add(f"  {label}", value * 100)
    report.add(f"{language} {name}: accuracy", scores.accuracy * 100)
    report.add(f"{language} {name}: confidence is off by", scores.calibration_error * 100, "points")
    report.add(f"{language} {name}: a message, processor time, p50", percentile(seconds, 0.5) * 1e6, "µs")
    report.add(
        f"{language} {name}: a message, processor time, p99", percentile(seconds, 0.99) * 1e3, "ms", most=MOST_MS
    )


def measure_umsab(report: Report, folder: Path) -> dict[str, bytes]:
    """Score both analyzers on the development half of the test part; return what was learnt."""
    weights = {}
    for language in LANGUAGES:
        test = umsab(folder, language, "test")
        report.note(f"\nsentiment_umsab {language}: {len(test)} test messages")
        measure(report, "lexical", make_analyzer("lexical"), test, language)
        examples, began = umsab(folder, language, "train"), time.perf_counter()
        weights[language] = train_sentiment(examples, language)
        report.add(f"{language}: learning from {len(examples)} messages", time.perf_counter() - began, "s")
        report.add(f"{language}: weights", len(weights[language]) / 1024, "KiB")
        measure(report, "trained", make_analyzer("trained", weights), test, language)
    return weights


def measure_tweeteval(report: Report, folder: Path, weights: dict[str, bytes]) -> None:
    """Score both analyzers on a larger English set of other years, for comparison."""
    rows = tweeteval(folder)
    report.note(f"\nsentiment_tweeteval en: {len(rows)} test messages (nothing was learnt from this set)")
    for name in ("lexical", "trained"):
        recall = evaluate(make_analyzer(name, weights), rows, "en").macro_recall
        report.add(f"en {name}: macro-recall", recall * 100)


def main() -> int:
    """Measure the sets that there are."""
    folder = Path(os.environ.get("CHARLA_DATASETS", "../shared/data"))
    with reporting() as report:
        report.note(machine())
        if folder.is_dir():
            measure_tweeteval(report, folder, measure_umsab(report, folder))
        else:
            report.note(f"{folder}: no such folder; the data sets are not measured.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
