"""The pages for people (the REST paths are in chats.api.urls)."""

from django.urls import path

from chats import views

urlpatterns = [
    path("", views.home, name="home"),
    path("demo/", views.demo, name="demo"),
]
