"""What makes a record fit to be stored: its fields are the kind's, each of the model's type, length and choices."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tenants.portable.kinds import Kind
from tenants.portable.reading import ENCODE, UNREADABLE


class BadRecordError(Exception):
    """A record that cannot be stored, with the reason."""


def checked(kind: Kind, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a record's own columns as the model has them; raises BadRecordError.

    A column that the record leaves out has the model's own default: an older export may lack it. Fields that this
    program does not know are refused: they come from a newer one, and would be lost.
    """
    if record.get(UNREADABLE):
        raise BadRecordError(_("It could not be opened when it was exported."))
    if unknown := set(record) - set(kind.fields) - set(kind.beside) - {"kind", UNREADABLE}:
        raise BadRecordError(_("Unknown fields: %(names)s.") % {"names": ", ".join(sorted(unknown))})
    if missing := [name for name in kind.fields if name not in record and _is_needed(kind, name)]:
        raise BadRecordError(_("Missing fields: %(names)s.") % {"names": ", ".join(missing)})
    _refuse_what_no_text_may_hold(kind, record)
    _refuse_links_that_are_no_names(kind, record)
    named = [(kind.called.get(name, name), name, field) for name, field in kind.own_fields.items()]
    values = {column: _value(field, record[name]) for name, column, field in named if name in record}
    if kind.check:
        kind.check(record)
    return values


def _is_needed(kind: Kind, name: str) -> bool:
    return name in kind.identity or any(link.required and name in link.named for link in kind.links)


def _refuse_links_that_are_no_names(kind: Kind, record: Mapping[str, Any]) -> None:
    for link in kind.links:
        for name in link.named:
            if not isinstance(record.get(name), str | int | None) or isinstance(record.get(name), bool):
                raise BadRecordError(_("%(name)s: it names no row.") % {"name": name})


def _refuse_what_no_text_may_hold(kind: Kind, record: Mapping[str, Any]) -> None:
    """PostgreSQL's texts hold neither NUL nor half a surrogate pair."""
    try:
        text = ENCODE({name: value for name, value in record.items() if name not in kind.beside})
        text.encode()
    except (ValueError, RecursionError):
        raise BadRecordError(_("It holds characters that cannot be stored.")) from None
    if "\\u0000" in text.replace("\\\\", ""):
        raise BadRecordError(_("It holds characters that cannot be stored."))


def _value(field: Any, value: Any) -> Any:
    if value is None:
        if field.null:
            return None
        raise BadRecordError(_("%(name)s: it has no value.") % {"name": field.name})
    is_text = field.get_internal_type() in {"CharField", "TextField", "EmailField", "SlugField"}
    if is_text != isinstance(value, str) and (is_text or isinstance(value, bool) != _is_bool(field)):
        raise BadRecordError(_("%(name)s: it is of another type.") % {"name": field.name})
    if isinstance(value, float) and field.get_internal_type() == "DecimalField":
        value = repr(value)  # as it was written: Django would take the digits that a binary fraction has behind it
    try:
        converted = field.to_python(value)
        if field.choices and converted not in ("", *(choice for choice, _label in field.flatchoices)):
            raise BadRecordError(_("%(name)s: there is no “%(value)s”.") % {"name": field.name, "value": value})
        field.run_validators(converted)
    except (ValidationError, TypeError, ValueError, OverflowError, ArithmeticError) as error:
        reason = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        raise BadRecordError(f"{field.name}: {reason}") from error
    return converted


def _is_bool(field: Any) -> bool:
    return bool(field.get_internal_type() == "BooleanField")
