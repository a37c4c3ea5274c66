"""Jinja filters: numbers, dates and identifiers as French readers write them."""

from datetime import date, datetime

from flask import Flask

from webapp.typography import NO_BREAK

MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
NARROW = "\u202f"  # narrow no-break space, between thousands
PRECISIONS = {
    "exact": "à l’adresse exacte",
    "street": "à la rue",
    "approximate": "approximative, l’adresse étant mal reconnue",
    "commune": "au centre de la commune, faute d’adresse localisée",
    "": "inconnue",
}


def number(value: int | None) -> str:
    """12345 -> "12 345", with narrow spaces that do not break."""
    return "–" if value is None else f"{value:,}".replace(",", NARROW)


def count(value: int, singular: str, plural: str = "") -> str:
    """(2, "fournisseur") -> "2 fournisseurs"; French counts zero as singular."""
    word = singular if abs(value) < 2 else plural or " ".join(w + "s" for w in singular.split(" "))
    return f"{number(value)}{NO_BREAK}{word}"


def euros(value: float | None) -> str:
    """1234567.8 -> "1 234 568 €"."""
    return "–" if value is None else f"{number(round(value))}{NO_BREAK}€"


def day(value: date | datetime | None) -> str:
    """A date in words: "1er mars 2026"."""
    if value is None:
        return "date inconnue"
    first = "1er" if value.day == 1 else str(value.day)
    return f"{first}{NO_BREAK}{MONTHS[value.month - 1]}{NO_BREAK}{value.year}"


def quarter(value: str) -> str:
    """ "2027-T2" -> "2e trimestre 2027"."""
    number_ = value[-1:]
    return f"{number_}{'er' if number_ == '1' else 'e'}{NO_BREAK}trimestre{NO_BREAK}{value[:4]}"


def distance(value: float | None) -> str:
    """Kilometres with one decimal under ten: "3,4 km"."""
    if value is None:
        return ""
    text = f"{value:.1f}".replace(".", ",") if value < 9.95 else f"{value:.0f}"
    return f"{text}{NO_BREAK}km"


def siret(value: str | None) -> str:
    """A siret or siren in the groups people read: 732 829 320 00074."""
    text = value or ""
    if not text.isdigit() or len(text) not in (9, 14):
        return text
    groups = (text[:3], text[3:6], text[6:9], text[9:])
    return NO_BREAK.join(group for group in groups if group)


def phone(value: str | None) -> str:
    """+33297000000 -> 02 97 00 00 00; other countries as they are."""
    text = value or ""
    if not text.startswith("+33") or len(text) != 12:
        return text
    local = "0" + text[3:]
    return NO_BREAK.join(local[i : i + 2] for i in range(0, 10, 2))


def web(value: str | None) -> str:
    """An address a page may link to; nothing when it is not http."""
    text = value or ""
    return text if text.startswith(("https://", "http://")) else ""


def precision(value: str) -> str:
    """How well a position is known, in words."""
    return PRECISIONS.get(value, value)


FILTERS = (number, count, euros, day, quarter, distance, siret, phone, web, precision)


def register(app: Flask) -> None:
    """Make the filters available to every template, under their own names."""
    for function in FILTERS:
        app.jinja_env.filters[function.__name__] = function
