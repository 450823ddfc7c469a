"""The front page and the bare demo page: both show the widget on the demo tenant."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from chats.services.publishable_keys import publishable_key_of
from tenants.access import Reach, reaches

DEMO_TENANT = "demo"


def _in_readers_language(request: HttpRequest, template: str) -> HttpResponse:
    """Render in `?lang=`, else in the language that the browser asks for; sets no cookie."""
    asked = request.GET.get("lang", "")
    lang = asked if asked in dict(settings.LANGUAGES) else translation.get_language_from_request(request)
    context = {
        "lang": lang,
        "other_lang": "en" if lang == "es" else "es",
        "demo_key": publishable_key_of(DEMO_TENANT),
        "host": request.build_absolute_uri("/").rstrip("/"),
    }
    with translation.override(lang):
        response = render(request, template, context)
    response["Content-Language"] = lang
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Accept-Language"])
    return response


@reaches(Reach.EVERYONE)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what Charla is, with the live widget (or how to get it, while there is no demo tenant)."""
    return _in_readers_language(request, "chats/home.html")


@reaches(Reach.EVERYONE)
@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    """Show a page as a customer would have it: nothing but the widget's line."""
    return _in_readers_language(request, "chats/demo.html")
