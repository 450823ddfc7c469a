"""The demo shop's intents: examples of our own in both languages, and how its people rate."""

from typing import Final

INTENTS: Final = {
    "opening_hours": (
        "¿A qué hora abren?", "¿Cuál es el horario de atención?", "¿Abren los domingos?", "¿Hasta qué hora están hoy?",
        "¿Están abiertos mañana por la tarde?", "horario de la tienda", "¿Cierran al mediodía?",
        "What are your opening hours?", "Are you open on Sunday?", "When do you close today?",
        "What time does the shop open tomorrow?", "Are you open now?", "opening times please", "How late are you open?",
    ),
    "delivery": (
        "¿Cuánto tarda un envío?", "¿Cuánto cuesta el envío a Sevilla?", "¿Dónde está mi pedido?",
        "Todavía no me ha llegado el paquete", "¿Envían a las islas?", "¿Cuándo llega mi planta?", "seguimiento",
        "How long does delivery take?", "Where is my order?", "How much is shipping?", "My parcel has not arrived yet",
        "Do you deliver to the islands?", "When will my plant arrive?", "Can I track my parcel?",
    ),
    "returns": (
        "Quiero devolver una planta", "¿Puedo devolver el pedido?", "¿Cómo hago una devolución?",
        "¿Me devuelven el dinero?", "Mi planta llegó rota", "La maceta venía partida, quiero cambiarla",
        "¿Cuánto tiempo tengo para devolverla?", "I want to return a plant", "Can I send it back?",
        "How do I get a refund?", "My plant arrived broken", "The pot was damaged, I want another one",
        "What is your return policy?", "How long do I have to return it?",
    ),
    "plant_care": (
        "¿Cada cuánto riego la monstera?", "Las hojas se ponen amarillas", "¿Necesita mucha luz?",
        "¿Cómo cuido un cactus?", "¿Qué abono le pongo?", "Mi planta tiene bichos", "¿Cuándo la trasplanto?",
        "How often should I water it?", "The leaves are turning yellow", "Does it need a lot of light?",
        "How do I care for an orchid?", "Which fertilizer should I use?", "My plant has bugs", "When do I repot it?",
    ),
    "payment": (
        "¿Cómo puedo pagar?", "¿Aceptan tarjeta?", "¿Puedo pagar a plazos?", "Necesito una factura",
        "Me han cobrado dos veces", "¿Tienen Bizum?", "¿Se puede pagar contra reembolso?", "How can I pay?",
        "Do you take credit cards?", "Can I pay in instalments?", "I need an invoice", "I was charged twice",
        "Can I pay on delivery?", "Do you accept PayPal?",
    ),
}  # fmt: skip
RATINGS: Final = (5, 5, 4, 5, 3, 4, 5, 2, 4, 5, 1)
COMMENTS: Final = {5: "¡Rápido y claro!", 2: "Tardó demasiado.", 1: "No resolvió mi problema."}
