"""Words that people use for the same thing when they write to a business, in both languages and their regions.

A short list of everyday words, none of a trade: what a tenant's own trade calls things is in its knowledge.
"""

from collections import defaultdict
from functools import cache
from typing import Final

from django.db import connection

GROUPS: Final[dict[str, str]] = {
    "es": """
horario horas hora abrir abren abre abierto cierran cierra cerrado atienden
precio costo coste cuesta cuestan valor vale tarifa cobran
envío enviar envían despacho despachar entrega entregan domicilio domicilios
tarda tardan demora demoran plazo
devolución devolver devuelven reembolso reembolsar reintegro
dinero plata
comprar compra adquirir
pedido orden compra
pagar pago abonar
tienda local sucursal almacén
teléfono celular móvil
correo email mail
contraseña clave password
cambiar cambio restablecer modificar
computador computadora ordenador
carro coche auto automóvil
boleto entrada tiquete ticket
factura recibo boleta
dañado dañada roto rota defectuoso estropeado
problema falla fallo error
cita turno reserva reservar agendar
dirección ubicación ubicado ubicados queda quedan
trabajo empleo vacante
ayuda soporte
cancelar anular
aparcamiento parqueadero estacionamiento parking
baño sanitario aseo
gratis gratuito
niño niña niños
mascota perro
cuota plazos
eliminar borrar
empezar comenzar iniciar
taller curso clase
""",
    "en": """
hours open opens opening close closes closing schedule
price cost costs fee charge rate
shipping ship delivery deliver dispatch send
refund reimbursement return
shop store
buy purchase order
pay payment
phone telephone mobile cellphone
email mail
change reset update
invoice receipt bill
broken damaged defective faulty
warranty guarantee
appointment booking reservation book
address location located
job vacancy career
help support assistance
bathroom restroom toilet
free complimentary
child kid children
pet dog
car vehicle
begin start commence
finish end complete
error problem issue bug
sick ill
company business firm
quick fast
delete remove erase
register enroll enrol join signup
workshop class course
instalments installments
quote estimate
""",
}
FOLD: Final = """
SELECT number, word.lexeme FROM unnest(%s::text[]) WITH ORDINALITY AS line (text, number),
    LATERAL unnest(charla_fold(%s, text)) AS word
"""


@cache
def synonyms(language: str) -> dict[str, frozenset[str]]:
    """Return for each word that has synonyms the others, all as lexemes of that language."""
    lines = [line for line in GROUPS.get(language, "").splitlines() if line]
    groups: dict[int, set[str]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(FOLD, [lines, language])
        for number, lexeme in cursor.fetchall():
            groups[number].add(lexeme)
    others: dict[str, set[str]] = defaultdict(set)
    for group in groups.values():
        for lexeme in group:
            others[lexeme] |= group - {lexeme}
    return {lexeme: frozenset(group) for lexeme, group in others.items()}
