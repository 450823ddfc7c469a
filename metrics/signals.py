"""What `metrics` tells the apps above it."""

from django.dispatch import Signal

threshold_exceeded = Signal()  # figure: str, percent: float, threshold: float
