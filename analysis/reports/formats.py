"""The formats that a report is given out in."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from django.utils.text import slugify

from analysis.reports.as_csv import csv_file
from analysis.reports.as_html import html_page
from analysis.reports.sections import Data


@dataclass(frozen=True)
class Format:
    """How a report becomes a file."""

    media_type: str
    write: Callable[[Data], bytes]


def _json(data: Data) -> bytes:
    return json.dumps(data, ensure_ascii=False, indent=2).encode() + b"\n"


def _pdf(data: Data) -> bytes:
    """Return a PDF. Its library takes 60 MB, so that it is loaded by who makes one."""
    made: bytes = import_module("analysis.reports.as_pdf").pdf_file(data)
    return made


FORMATS: Final = {
    "html": Format("text/html; charset=utf-8", html_page),
    "json": Format("application/json", _json),
    "csv": Format("text/csv; charset=utf-8", csv_file),
    "pdf": Format("application/pdf", _pdf),
}


def file_name(data: Data, form: str) -> str:
    """Return what a report's file is called: of what, of whom, of which days."""
    whose = slugify(data["tenant"] or "") or ("tenant" if data["tenant"] else "installation")
    return f"charla-{whose}-{data['type']}-{data['period']}-{data['first']}.{form}"
