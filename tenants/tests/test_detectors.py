"""What the detectors find in a text, and what they let pass."""

import time

import pytest

from tenants.encryption.detectors import is_sensitive, kinds_in


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Write to ana.perez+shop@correo.example.mx please", "email"),
        ("josé@münchen.example", "email"),
        ("My card is 4111 1111 1111 1111.", "card"),
        ("4111-1111-1111-1111 12/27", "card"),
        ("378282246310005", "card"),
        ("４１１１ １１１１ １１１１ １１１１", "card"),
        ("4111\u200b1111\u200b1111\u200b1111", "card"),
        ("IBAN ES91 2100 0418 4502 0005 1332 gracias", "iban"),
        ("de89370400440532013000", "iban"),
        ("Mi DNI es 12345678Z", "national_id"),
        ("NIE X-1234567-L", "national_id"),
        ("CURP BOXW310820HNERXN09", "national_id"),
        ("RFC GODE561231GR8", "national_id"),
        ("SSN 536-90-4399", "national_id"),
        ("My social security number is 536904399", "national_id"),
        ("Cédula 1.020.345.678", "national_id"),
        ("C.C. 1020345678", "national_id"),
        ("NIT 900123456", "national_id"),
        ("Llámame al 612 345 678", "telephone"),
        ("612345678", "telephone"),
        ("+57 300 123 4567", "telephone"),
        ("(650) 253-0000", "telephone"),
        ("55 5123 4567 es mi celular", "telephone"),
        ("Ring my phone: 020-7946-0018", "telephone"),
        ("Reach me on 0494 92 82 32", "telephone"),
    ],
)
def test_personal_data_is_found(text: str, kind: str) -> None:
    assert kind in kinds_in(text)
    assert is_sensitive(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Where is my order?",
        "See you @ nine",
        "4111 1111 1111 1112",  # a wrong check digit
        "ES92 2100 0418 4502 0005 1332",
        "12345678A",
        "1020345678",  # a cédula that nobody calls so
        "The fair is on 21.11.2026 at 10:30",
        "Order 2026-11-21/000123",
        "It costs 1,234,567.89 €",
        "version 3.11.7.2026",
        "000-12-3456",
    ],
)
def test_what_is_nobodys_passes(text: str) -> None:
    assert kinds_in(text) == set()
    assert not is_sensitive(text)


@pytest.mark.parametrize(
    "piece", ["@", "a@", "a.", "1", "1 ", "12-34-", "+1 ", "ES12", "cc ", "tel 123456789 ", "x@b."]
)
def test_no_text_makes_it_slow(piece: str) -> None:
    text = piece * (4_000 // len(piece)) + " 1234567"
    began = time.process_time()
    is_sensitive(text)
    assert time.process_time() - began < 0.5
