"""The site: create_app wires settings, base, sessions, headers, error pages and the pages."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from flask import Flask, request, url_for
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from sourcing import db, directory, geocoding
from sourcing import segments as nomenclatures
from sourcing.linking.review import count
from sourcing.search import shelf
from sourcing.segments import Nomenclature
from sourcing.settings import Settings
from sourcing.source import Source
from webapp import (
    about,
    account,
    accounts,
    answers,
    api,
    awards,
    basket,
    context,
    dossiers,
    errors,
    exports,
    filters,
    following,
    headers,
    indicators,
    innovation,
    invitation,
    kept,
    law,
    lists,
    map,
    matching,
    meeting,
    mine,
    moderation,
    openid,
    programme,
    protection,
    purchases,
    registration,
    reserve,
    review,
    saved,
    search,
    segments,
    sources,
    supplier,
    typography,
    uploads,
)

# In the order of their addresses in the menu, then the rest.
PAGES = (
    search.PAGES,
    exports.PAGES,
    saved.PAGES,
    basket.PAGES,
    dossiers.PAGES,
    answers.PAGES,
    reserve.PAGES,
    law.PAGES,
    indicators.PAGES,
    supplier.PAGES,
    awards.PAGES,
    innovation.PAGES,
    map.PAGES,
    meeting.PAGES,
    registration.PAGES,
    mine.PAGES,
    protection.PAGES,
    programme.PAGES,
    following.PAGES,
    purchases.PAGES,
    invitation.PAGES,
    segments.PAGES,
    sources.PAGES,
    lists.PAGES,
    matching.PAGES,
    moderation.PAGES,
    review.PAGES,
    account.PAGES,
    accounts.PAGES,
    openid.PAGES,
    about.PAGES,
    api.PAGES,
)
MENU = (
    ("search", "Fournisseurs", "search.suppliers"),
    ("awards", "Marchés attribués", "awards.index"),
    ("innovation", "Innovation", "innovation.index"),
    ("reserve", "Réservabilité", "reserve.index"),
    ("meeting", "Réunion", "meeting.index"),
    ("registration", "Faites-vous connaître", "registration.form"),
    ("purchases", "Achats à venir", "purchases.index"),
    ("segments", "Catégories d’achat", "segments.index"),
    ("sources", "Sources", "sources.index"),
)
SIGNED_IN_MENU = (
    ("dossiers", "Dossiers", "dossiers.index"),
    ("indicators", "Indicateurs", "indicators.index"),
    ("saved", "Mes recherches", "saved.index"),
    ("matching", "Retrouver des SIRET", "matching.index"),
)
DECIDERS_MENU = ("review", "Liens à vérifier", "review.queue")
PROGRAMME_MENU = ("programme", "Programme des achats", "programme.index")
ADMIN_MENU = (
    ("moderation", "Inscriptions à vérifier", "moderation.queue"),
    ("law", "Paramètres", "law.index"),
)
STATIC = Path(__file__).parent / "static"
LARGEST_FORM = 64 * 1024


def create_app(
    settings: Settings,
    engine: Engine | None = None,
    nomenclature: Nomenclature | None = None,
    sources: Mapping[str, Source] | None = None,
) -> Flask:
    """The whole site on this base; what is not given is opened from the settings."""
    version = _version()
    app = Flask(__name__, static_url_path=f"/statique/{version}")
    app.config.update(
        SECRET_KEY=settings.secret_key or _kept_key(settings.data_dir),
        # The version in the path: a file never changes under its address.
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        SESSION_COOKIE_NAME="sourcing",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.https,
        WTF_I18N_ENABLED=False,
    )
    if engine is None:
        engine = db.connect(settings.database_url)
        db.migrate(engine)
    app.extensions[context.KEY] = context.Site(
        settings,
        engine,
        nomenclature or nomenclatures.load(),
        sources or {},
        _directory(settings.recherche_entreprises_url),
        geocoding.addresses(settings.geocoding_url) if settings.geocoding_url else None,
    )
    # First: the anti-forgery check reads the body, whose size it decides.
    uploads.register(app, settings)
    shelf.keep_in(settings.data_dir / "columns")
    forms_check = CSRFProtect(app)
    forms_check.exempt(basket.put)
    # A mail reader presses this one itself: its signed address says who leaves.
    forms_check.exempt(following.out)
    headers.register(app, settings)
    openid.register(app, settings)
    for room in (context, errors, filters, account, kept, meeting, segments, protection):
        room.register(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    _templates(app, settings)
    if settings.proxies:
        seen = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=seen, x_proto=seen, x_host=seen)  # type: ignore[method-assign]
    return app


def _directory(url: str) -> directory.Directory | None:
    return directory.Directory(directory.fetcher(url)) if url else None


def _templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.add_extension(typography.FrenchSpaces)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        organisation=settings.organisation,
        is_demo=context.is_demo,
        menu=MENU,
        team_menu=_team_menu,
        basket_size=basket.size,
        static=_static,
        page_url=lambda query, page: search.link(replace(query, page=page)),
    )


def _team_menu() -> tuple[tuple[str, str, str], ...]:
    """What only the purchasing team sees, by right; empty for a visitor."""
    person = account.account()
    mine: tuple[tuple[str, str, str], ...] = SIGNED_IN_MENU if person else ()
    if person and (aside := basket.size()):
        mine = (("basket", f"Panier ({filters.number(aside)})", "basket.index"), *mine)
    if person and person.can_decide:
        waiting = count(context.session())
        name, label, endpoint = DECIDERS_MENU
        mine += ((name, f"{label} ({filters.number(waiting)})" if waiting else label, endpoint),)
        mine += (PROGRAMME_MENU,)
    return mine + ADMIN_MENU if person and person.is_admin else mine


def _static(path: str) -> str:
    """The address of a static file; a page asks for a hundred of them, always the same."""
    return _static_under(request.script_root, path)


@lru_cache(maxsize=512)
def _static_under(_root: str, path: str) -> str:
    return url_for("static", filename=path)


def _version() -> str:
    """A digest of every static file: it changes when any of them does."""
    digest = hashlib.sha256()
    for path in sorted(p for p in STATIC.rglob("*") if p.is_file()):
        digest.update(path.relative_to(STATIC).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:10]


def _kept_key(data_dir: Path) -> str:
    """The signing key of this installation, made at its first start."""
    path = data_dir / "secret_key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text().strip()
