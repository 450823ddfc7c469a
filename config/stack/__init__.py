"""Starts Charla's servers and processes on one machine; imports no Django (decision 39)."""
