"""Phones, e-mails and web sites, each in one written form; ValueError says why not."""

import re
from importlib import import_module
from urllib.parse import urlsplit, urlunsplit

from sourcing.normalise.text import present, shown

# Overseas numbers, by their first four national digits, and the country code they need abroad.
OVERSEAS = {
    "0262": "262", "0263": "262", "0269": "262", "0639": "262", "0692": "262", "0693": "262",
    "0590": "590", "0690": "590", "0691": "590", "0594": "594", "0694": "594",
    "0596": "596", "0696": "596", "0697": "596", "0508": "508",
}  # fmt: skip

_BETWEEN = re.compile(r"[\s.\-_()/,]+")
_SEVERAL = re.compile(r"\s*(?:[/;,|\n]|\bou\b|\bet\b)\s*")
_EXTENSION = re.compile(r"\s*(?:\b(?:poste|ext|int)\b.*|\([^)\d]*\)|[^\d\s)]+)$", re.IGNORECASE)
_PHONE_LABEL = re.compile(
    r"^(?:t[ée]l(?:[ée]phone)?|mobile|port(?:able)?|fixe|fax)\b[\s.:]*", re.IGNORECASE
)
_NATIONAL = re.compile(r"0[1-9]\d{8}")
_PLAIN_PHONE = re.compile(r"0[1-9](?:[ .]?[0-9]{2}){4}")
# Addresses that are their own written form; the first, without two dots in a row.
PLAIN_EMAIL = re.compile(
    r"[a-z0-9][a-z0-9._%+\-]*[a-z0-9]@(?:[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\.)+[a-z]{2,24}"
)
_PLAIN_HOST = (
    r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
    r"(?:/[A-Za-z0-9/_\-]*[A-Za-z0-9/_\-])?(?:\?[A-Za-z0-9=&_\-]+)?"
)
PLAIN_SITE = re.compile(rf"https?://{_PLAIN_HOST}")
_PLAIN_SITE_OR_HOST = re.compile(rf"(https?://)?{_PLAIN_HOST}")
_AT = re.compile(r"\s*(?:\[at\]|\(at\)|\[a\]|\(a\)|\[arobase\]|\(arobase\))\s*", re.IGNORECASE)
_SCHEME = re.compile(r"^([a-z][a-z0-9+.\-]*):(?!\d)", re.IGNORECASE)
_BROKEN_SCHEME = re.compile(r"^(?:https?[:;]?/{0,3})*(https?)[:;]?/{1,3}", re.IGNORECASE)
_LABEL = r"[^\W_](?:[\w\-]{0,61}[^\W_])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?:[^\W\d_]{{2,24}}|xn--[a-z0-9\-]{{2,40}})", re.IGNORECASE)


def phone(text: str) -> str:
    """+33297022900 from any French or international writing; the first of several."""
    is_plain = _PLAIN_PHONE.fullmatch(text)
    if is_plain and (number := _national(text.replace(" ", "").replace(".", ""))):
        return number
    text = _PHONE_LABEL.sub("", present(text))
    if not text:
        return ""
    for part in (text, *_SEVERAL.split(text)):
        if number := _phone(part):
            return number
    raise ValueError(f"téléphone {shown(text)} : pas un numéro à dix chiffres")


def _phone(text: str) -> str:
    text = re.sub(r"(?<=\d)[.,]0$", "", text) if text.count(".") + text.count(",") == 1 else text
    digits = _BETWEEN.sub("", _EXTENSION.sub("", text).replace("(0)", ""))
    if digits.startswith("00") and len(digits) > 10:
        digits = "+" + digits[2:]
    if re.fullmatch(r"33[1-9]\d{8}", digits):
        digits = "+" + digits
    if digits.startswith("+33"):
        digits = "0" + digits[3:].lstrip("0")
    if digits.startswith("+"):
        return digits if re.fullmatch(r"\+[1-9]\d{7,14}", digits) else ""
    if re.fullmatch(r"[1-9]\d{8}", digits):
        digits = "0" + digits
    return _national(digits)


def _national(digits: str) -> str:
    """Ten French digits as dialled from abroad; '' for a number nobody can have."""
    if not _NATIONAL.fullmatch(digits) or len(set(digits[2:])) == 1:
        return ""
    country = OVERSEAS.get(digits[:4], "33")
    return f"+{country}{digits[4:] if country == '508' else digits[1:]}"


def email(text: str) -> str:
    """The address in lower case; the first usable one when there are several."""
    text = _AT.sub("@", present(text)).lower()
    if not text:
        return ""
    text = text.removeprefix("mailto:").split("?")[0].strip(" .;,<>")
    if PLAIN_EMAIL.fullmatch(text) and ".." not in text:
        return text
    for part in re.split(r"[\s;,/|<>]+", text):
        if "@" in part and (address := _checked_email(part.strip(". "))):
            return address
    raise ValueError(f"adresse e-mail {shown(text)} inutilisable")


def _checked_email(text: str) -> str:
    try:
        return typed_email(text)
    except ValueError:
        return ""


def typed_email(text: str) -> str:
    """An address as a person types it, in lower case; ValueError when nobody can write to it."""
    # Dear to import, and lists' addresses are nearly all in their plain form.
    validate = import_module("email_validator").validate_email
    return str(validate(text, check_deliverability=False).normalized).lower()


def website(url: str) -> str:
    """An http(s) address, http added when missing; what no browser should follow is refused."""
    if plain := _PLAIN_SITE_OR_HOST.fullmatch(url):
        return url if plain[1] else f"http://{url}"
    text = present(url)
    if not text:
        return ""
    first = re.split(r"\s+(?:[/;,|]|ou|et)\s+|[;,|]\s+|\s", text)[0].replace("\\", "/")
    first = _BROKEN_SCHEME.sub(r"\1://", first).rstrip(".,;")
    scheme = _SCHEME.match(first)
    if scheme is None:
        first = "http://" + first.lstrip("/")
    elif scheme[1].lower() not in {"http", "https"}:
        raise ValueError(f"site {shown(text)} : seules les adresses http et https sont gardées")
    return _checked_website(first, text)


def _checked_website(address: str, text: str) -> str:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"site {shown(text)} : adresse illisible") from None
    if parts.username is not None:
        raise ValueError(f"site {shown(text)} : une adresse e-mail n'est pas un site")
    if not _HOST.fullmatch(host) or re.search(r"[\"'<>`{}\x00-\x20]", address):
        raise ValueError(f"site {shown(text)} : ce n'est pas une adresse de site")
    netloc = f"{host}:{port}" if port else host
    return urlunsplit((parts.scheme.lower(), netloc, parts.path, parts.query, parts.fragment))
