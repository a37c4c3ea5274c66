"""Whether an address seems to be the structure's own: what its domain says, and no more."""

from collections.abc import Iterable
from urllib.parse import urlsplit

# Mailboxes anyone can open: their domain says nothing of who writes.
ANYONES = frozenset((
    "gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr",
    "live.com", "live.fr", "msn.com", "yahoo.com", "yahoo.fr", "icloud.com", "me.com", "orange.fr",
    "wanadoo.fr", "free.fr", "sfr.fr", "neuf.fr", "bbox.fr", "laposte.net", "aol.com", "gmx.fr",
    "protonmail.com", "proton.me", "gmx.com", "numericable.fr", "club-internet.fr",
))  # fmt: skip


def belonging(email: str, emails: Iterable[str], websites: Iterable[str]) -> str:
    """ "address": one of those known; "domain": of one of them; "other"; "": says nothing."""
    known_emails = {each.lower() for each in emails if each}
    domain = email.partition("@")[2].lower()
    if email.lower() in known_emails:
        return "address"
    if not domain or domain in ANYONES:
        return ""
    hosts = {each.partition("@")[2] for each in known_emails} | set(map(_host, websites))
    telling = {host for host in hosts if host and host not in ANYONES}
    if any(_within(domain, host) or _within(host, domain) for host in telling):
        return "domain"
    return "other" if telling else ""


def _host(website: str) -> str:
    return (urlsplit(website).hostname or "").removeprefix("www.")


def _within(inner: str, outer: str) -> bool:
    """ "achats.exemple.fr" is within "exemple.fr"; never within a bare ending."""
    return outer.count(".") >= 1 and (inner == outer or inner.endswith(f".{outer}"))
