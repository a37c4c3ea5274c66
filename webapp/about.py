"""Short honest pages: personal data, legal notice, accessibility."""

from flask import Blueprint, render_template

from webapp.context import site

PAGES = Blueprint("about", __name__)


@PAGES.get("/donnees-personnelles")
def privacy() -> str:
    """What is kept about people, why, how long, and how to have it removed."""
    return _page("privacy", "Données personnelles")


@PAGES.get("/mentions-legales")
def legal() -> str:
    """Who publishes the site."""
    return _page("legal", "Mentions légales")


@PAGES.get("/accessibilite")
def accessibility() -> str:
    """What works for everyone, and what does not yet."""
    return _page("accessibility", "Accessibilité")


def _page(name: str, title: str) -> str:
    return render_template(f"about/{name}.html", title=title, contact=site().settings.contact)
