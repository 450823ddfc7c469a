"""Counting: names known in advance, labels with a bound, and nothing lost when a process ends."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from metrics.definitions import Definition, UnboundedLabelError
from metrics.services import MetricsService, process_files, stage
from metrics.services.process_files import adopt_files_of_the_dead
from metrics.services.recording import UnknownMetricError
from metrics.services.scraping import exposition

pytestmark = pytest.mark.django_db(databases=["default", "operations"])


def value_of(name: str, **labels: str) -> float:
    for family in text_string_to_metric_families(exposition().decode()):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return 0.0


def test_a_counter_shows_at_the_scrape() -> None:
    before = value_of("charla_chats_created_total", channel="web")
    MetricsService().increment_counter("chats_created", {"channel": "web"}, value=2)
    assert value_of("charla_chats_created_total", channel="web") == before + 2


def test_a_histogram_shows_its_count_and_sum() -> None:
    before = value_of("charla_message_length_count", sender="user")
    MetricsService().observe_histogram("message_length", 12, {"sender": "user"})
    assert value_of("charla_message_length_count", sender="user") == before + 1


def test_a_stage_is_measured_even_when_it_fails() -> None:
    before = value_of("charla_pipeline_stage_seconds_count", stage="trial")
    with pytest.raises(RuntimeError), stage("trial"):
        raise RuntimeError
    assert value_of("charla_pipeline_stage_seconds_count", stage="trial") == before + 1


def test_a_stage_measures_each_call_of_what_it_decorates() -> None:
    before = value_of("charla_pipeline_stage_seconds_count", stage="decorated")

    @stage("decorated")
    def decorated() -> None:
        pass

    decorated()
    decorated()
    assert value_of("charla_pipeline_stage_seconds_count", stage="decorated") == before + 2


def test_a_name_that_nobody_defined_is_refused() -> None:
    with pytest.raises(UnknownMetricError):
        MetricsService().increment_counter("no_such_metric")


def test_other_labels_than_the_metrics_own_are_refused() -> None:
    with pytest.raises(ValueError, match="labels"):
        MetricsService().increment_counter("chats_created", {"agent": "x"})


@pytest.mark.parametrize("label", ["chat_id", "tenant", "user", "message_id", "path"])
def test_a_label_without_a_bound_cannot_be_defined(label: str) -> None:
    with pytest.raises(UnboundedLabelError):
        Definition("counter", "Wrong.", (label,))


@pytest.mark.parametrize("value", ["01a1fc19-5cb5-7607-978e-4a4a2c44e720", "12345678", "ana@example.com"])
def test_a_label_value_that_looks_like_an_id_is_refused(value: str) -> None:
    with pytest.raises(UnboundedLabelError):
        MetricsService().increment_counter("chats_created", {"channel": value})


def test_counting_takes_microseconds() -> None:
    service, labels = MetricsService(), {"channel": "web"}
    service.increment_counter("chats_created", labels)
    began = time.perf_counter()
    for _number in range(2_000):
        service.increment_counter("chats_created", labels)
    assert (time.perf_counter() - began) / 2_000 < 50e-6


COUNT_AND_END = """
import os, sys
os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[1]
from prometheus_client import Counter, Gauge, Histogram
Counter("charla_tries", "Tries.", ["kind"], registry=None).labels("a").inc(3)
Histogram("charla_took", "Took.", registry=None, buckets=(1, 2)).observe(1.5)
Gauge("charla_now", "Now.", registry=None, multiprocess_mode="mostrecent").set(5)
"""


def test_what_a_dead_process_counted_is_kept_once(tmp_path: Path) -> None:
    for _run in range(2):
        subprocess.run([sys.executable, "-c", COUNT_AND_END, str(tmp_path)], check=True)
    for _again in range(2):
        adopt_files_of_the_dead(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["counter_0.db", "histogram_0.db"]
    from prometheus_client import CollectorRegistry, generate_latest, multiprocess

    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=str(tmp_path))
    text = generate_latest(registry).decode()
    assert 'charla_tries_total{kind="a"} 6.0' in text
    assert 'charla_took_bucket{le="2.0"} 2.0' in text
    assert "charla_took_sum 3.0" in text


def test_a_folder_that_cannot_be_made_turns_metrics_off_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(process_files, "directory", lambda: tmp_path / "file" / "host")
    process_files.prepare.cache_clear()
    try:
        assert process_files.prepare() is False
        MetricsService.increment_counter("chats_created", {"channel": "never seen before"})
    finally:
        process_files.prepare.cache_clear()
