"""What the other apps call: counters, gauges, histograms and the stages of the pipeline."""

from metrics.services.recording import MetricsService, stage

__all__ = ["MetricsService", "stage"]
