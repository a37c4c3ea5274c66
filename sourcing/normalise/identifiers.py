"""SIRET and SIREN, from any writing a spreadsheet or a person gave them. Pure functions."""

import re
import unicodedata
from collections.abc import Callable, Sequence

from sourcing.normalise.text import present, shown

LA_POSTE = "356000000"

# A digit's value, and doubled with its two figures added (7 -> 14 -> 5): bytes, summed at once.
_VALUE = bytes.maketrans(b"0123456789", bytes(range(10)))
_DOUBLED = bytes.maketrans(b"0123456789", bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)))
_SCIENTIFIC = re.compile(r"([0-9])(?:[.,]([0-9]*))?[eE]\+?([0-9]{1,2})")
# A whole number as a spreadsheet may write it.
FLOAT = re.compile(r"([0-9]+)[.,]0+")
_LABELLED = re.compile(r"[^0-9]*\b(?:siret|siren)\b[^0-9]*([0-9][0-9\s.\-]*)", re.IGNORECASE)
_VAT = re.compile(r"FR([0-9A-Z]{2})([0-9]{9})")


def luhn(digits: str) -> bool:
    """The usual check digit: every second digit from the right doubled, a multiple of ten."""
    figures = digits.encode()
    odd, even = figures[-1::-2].translate(_VALUE), figures[-2::-2].translate(_DOUBLED)
    return (sum(odd) + sum(even)) % 10 == 0


def is_siren(digits: str) -> bool:
    """Nine digits with a right key, not all zero."""
    return is_digits(digits, 9) and digits != "0" * 9 and luhn(digits)


def is_siret(digits: str) -> bool:
    """Fourteen digits with a right key; La Poste's own rule; never an all-zero SIREN."""
    if not is_digits(digits, 14) or digits.startswith("0" * 9):
        return False
    if luhn(digits):
        return True
    return digits.startswith(LA_POSTE) and sum(map(int, digits)) % 5 == 0


def siret(text: str) -> str:
    """Fourteen digits, spaces, text around and up to two lost leading zeros put right."""
    if is_siret(text):
        return text
    text = plain(present(text))
    if not text:
        return ""
    digits = _digits("SIRET", text)
    if not digits:
        return _inside("SIRET", text, (is_siret,))
    if len(digits) == 9:
        raise ValueError(f"SIRET {shown(text)} : 9 chiffres, c'est un SIREN")
    if not 12 <= len(digits) <= 14:
        raise ValueError(f"SIRET {shown(text)} : {len(digits)} chiffres au lieu de 14")
    if not is_siret(digits.zfill(14)):
        raise ValueError(f"SIRET {shown(text)} : {_why_not(digits, 14)}")
    return digits.zfill(14)


def siren(text: str) -> str:
    """Nine digits, from a SIREN, a SIRET or a VAT number (FR32411555139)."""
    if is_siren(text):
        return text
    text = plain(present(text))
    if not text:
        return ""
    if vat := _VAT.search(re.sub(r"[\s.\-]", "", text).upper()):
        return _siren_of_vat(text, str(vat[1]), str(vat[2]))
    digits = _digits("SIREN", text) or _inside("SIREN", text, (is_siren, is_siret))
    if len(digits) >= 12:
        return siret(digits)[:9]
    if not 7 <= len(digits) <= 9:
        raise ValueError(f"SIREN {shown(text)} : {len(digits)} chiffres au lieu de 9")
    if not is_siren(digits.zfill(9)):
        raise ValueError(f"SIREN {shown(text)} : {_why_not(digits, 9)}")
    return digits.zfill(9)


def _siren_of_vat(text: str, key: str, digits: str) -> str:
    if key.isdigit() and int(key) != (12 + 3 * (int(digits) % 97)) % 97:
        raise ValueError(f"TVA {shown(text)} : clé de contrôle fausse")
    return siren(digits)


def _inside(label: str, text: str, kinds: Sequence[Callable[[str], bool]]) -> str:
    """The only valid number made of consecutive groups of digits, in a text around it."""
    groups: list[str] = re.findall(r"[0-9]+", text[:500])
    spans = [(i, j) for i in range(len(groups)) for j in range(i + 1, min(i + 8, len(groups)) + 1)]
    joined = ["".join(groups[i:j]) for i, j in spans]
    found = {number for number in joined if any(is_kind(number) for is_kind in kinds)}
    if label == "SIREN":
        found = {number[:9] for number in found}
    if len(found) == 1:
        return found.pop()
    if found:
        raise ValueError(f"{label} {shown(text)} : plusieurs {label} dans la même case")
    raise ValueError(f"{label} {shown(text)} : aucun {label} valide dans ce texte")


def _why_not(digits: str, size: int) -> str:
    if not digits.strip("0") or digits.zfill(size).startswith("0" * 9):
        return "que des zéros"
    if len(digits) < size:
        return f"{len(digits)} chiffres, et pas de zéro de tête perdu (clé fausse)"
    return "clé de contrôle fausse, sans doute une faute de frappe"


def _digits(label: str, text: str) -> str:
    """The digits of a number alone, or after its label; '' when other text surrounds it."""
    if labelled := _LABELLED.fullmatch(text):
        text = labelled[1]
    text = re.sub(r"\s", "", text)
    if scientific := _SCIENTIFIC.fullmatch(text):
        mantissa, exponent = scientific[1] + (scientific[2] or ""), int(scientific[3])
        if len(mantissa) <= exponent:
            raise ValueError(f"{label} {shown(text)} : le tableur a perdu des chiffres, "
                             "remettre la colonne au format texte")  # fmt: skip
        text = mantissa[: exponent + 1]
    if number := FLOAT.fullmatch(text):
        text = number[1]
    text = re.sub(r"[.\-_/']", "", text)
    return text if is_digits(text) else ""


def plain(text: str) -> str:
    """Full-width and exotic digits and spaces in their plain form."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def is_digits(text: str, size: int = 0) -> bool:
    return text.isascii() and text.isdigit() and (not size or len(text) == size)
