"""Every knob, with the sentence that explains it. Read once, at the edge."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sourcing import Foreseen

PREFIX = "SOURCING_"
BASEMAPS = ("aucun", "ign", "osm")
LOGS = ("warning", "info", "debug")
SECURITIES = ("aucune", "starttls", "tls")


class SettingsError(Foreseen):
    """A setting is unknown or cannot be used; the message is for the administrator."""


@dataclass(frozen=True, slots=True)
class Settings:
    # Where the base, the cache and the uploaded files live.
    data_dir: Path = Path("data")
    # SQLite in data_dir by default; postgresql+psycopg://user:password@host/base when one machine
    # is not enough.
    database_url: str = ""
    # Signs sessions and forms. Made once and kept in data_dir when not given.
    secret_key: str = field(default="", repr=False)
    # Suppliers this far from the territory are kept too: a buyer looks over the border.
    margin_km: float = 30.0
    # Closed establishments the base never knew are left out of it.
    open_only: bool = False
    # A refresh in which a source lost more than this share of its lines is refused.
    most_lost: float = 0.2
    # Background of the maps: "aucun" (our own outlines, no network), "ign" or "osm".
    basemap: str = "aucun"
    # Who runs this instance; shown in the header and in the exports.
    organisation: str = "Lorient Agglomération"
    # Who answers questions about the data; shown on the legal pages.
    contact: str = ""
    # The address people know the site by (https://sourcing.exemple.fr); letters and QR codes lead
    # there. Empty: the address of the request.
    public_url: str = ""
    # How many proxies stand before the site and say who asks (X-Forwarded-For, -Proto, -Host).
    proxies: int = 0
    # The mail server; empty: letters are written to data_dir/mails.
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    # "starttls", "tls" (from the first byte, port 465) or "aucune".
    smtp_security: str = "starttls"
    # Who letters come from: "Achats <achats@exemple.fr>"; empty: the contact.
    mail_from: str = ""
    # Public services, only ever changed to point at a test server.
    geo_api_url: str = "https://geo.api.gouv.fr"
    # Asked for a SIRET the base does not know when a structure registers; empty: never asked.
    recherche_entreprises_url: str = "https://recherche-entreprises.api.gouv.fr"
    # Places addresses for `sourcing refresh` and `sourcing geocode`; empty: never asked.
    geocoding_url: str = "https://data.geopf.fr/geocodage"
    datagouv_url: str = "https://www.data.gouv.fr"
    sirene_url: str = "https://api.insee.fr/api-sirene/3.11"
    # The key to INSEE's API Sirene, free at portail-api.insee.fr.
    sirene_key: str = field(default="", repr=False)
    # The key to the API of the Marché de l'inclusion, asked for with its contact form.
    marche_inclusion_token: str = field(default="", repr=False)
    # OpenID Connect: the provider's address (its /.well-known is read), what it calls this site,
    # and the secret it gave. Empty: local accounts only.
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    # What the sign-in button says, and what is asked of the provider (empty: ProConnect's scopes).
    oidc_name: str = "ProConnect"
    oidc_scopes: str = ""
    # Addresses of these domains (comma-separated) become readers at their first sign-in.
    oidc_domains: str = ""
    # What is written to the error output: "warning", or "debug" to see where an error came from.
    log: str = "warning"
    # The site is served over https (secure cookies, HSTS). Off on one's own machine.
    https: bool = False

    def __post_init__(self) -> None:
        if not self.database_url:
            base = (self.data_dir / "sourcing.sqlite").resolve()
            object.__setattr__(self, "database_url", f"sqlite:///{base}")
        if self.basemap not in BASEMAPS:
            raise SettingsError(
                f"SOURCING_BASEMAP vaut « {self.basemap} » ; choisir parmi {', '.join(BASEMAPS)}."
            )
        if self.log not in LOGS:
            raise SettingsError(
                f"SOURCING_LOG vaut « {self.log} » ; choisir parmi {', '.join(LOGS)}."
            )
        if self.smtp_security not in SECURITIES:
            raise SettingsError(
                f"SOURCING_SMTP_SECURITY vaut « {self.smtp_security} » ; choisir parmi "
                f"{', '.join(SECURITIES)}."
            )
        if self.public_url and not self.public_url.startswith(("https://", "http://")):
            raise SettingsError("SOURCING_PUBLIC_URL doit commencer par https:// (ou http://).")
        if self.margin_km < 0:
            raise SettingsError("SOURCING_MARGIN_KM doit être un nombre positif de kilomètres.")

        if not 0 <= self.most_lost <= 1:
            raise SettingsError("SOURCING_MOST_LOST doit être une part entre 0 et 1 (0,2 : 20 %).")

    def environ(self) -> dict[str, str]:
        """The variables that make these settings, for a command started from here."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            PREFIX + name.upper(): str(int(value) if isinstance(value, bool) else value)
            for name, value in values.items()
        } | {PREFIX + "DATA_DIR": str(self.data_dir.resolve())}


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from SOURCING_* variables; an unknown key or a bad value is a SettingsError."""
    known = {f.name: f.type for f in fields(Settings)}
    values: dict[str, Any] = {}
    for key, text in environ.items():
        if not key.startswith(PREFIX) or key.startswith(PREFIX + "TEST_"):
            continue
        name = key.removeprefix(PREFIX).lower()
        if name not in known:
            raise SettingsError(
                f"Réglage inconnu : {key}. Les réglages sont décrits dans docs/installation.md."
            )
        values[name] = _convert(key, name, text)
    return Settings(**values)


def _convert(key: str, name: str, text: str) -> object:
    default = getattr(Settings(), name)
    if isinstance(default, bool):
        return text.strip().lower() in {"1", "true", "yes", "oui", "on"}
    if isinstance(default, Path):
        return Path(text)
    if isinstance(default, int | float):
        try:
            return type(default)(text.replace(",", "."))
        except ValueError:
            raise SettingsError(f"{key} vaut « {text} » ; un nombre est attendu.") from None
    return text
