"""Paths of agents and knowledge."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
