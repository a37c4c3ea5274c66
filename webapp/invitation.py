"""Printable invitations to register: a title, a QR code, and what each brought."""

import io
from datetime import date

import segno
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from sourcing import campaigns
from sourcing.campaigns import CampaignError
from sourcing.model import Campaign
from webapp import links
from webapp.account import deciders_only
from webapp.context import session, site

PAGES = Blueprint("invitation", __name__, url_prefix="/invitations")
# White squares around the code, as readers ask for.
QUIET = 4


@PAGES.get("")
@deciders_only
def index() -> str:
    """All invitations with their counts, and the form of a new one."""
    return render_template(
        "invitation/index.html", title="Invitations imprimables",
        campaigns=campaigns.everyone(session()), brought=campaigns.brought(session()),
        families=site().nomenclature.families,
    )  # fmt: skip


@PAGES.post("")
@deciders_only
def create() -> BaseResponse:
    """Make one, and show it ready to print."""
    families = dict(site().nomenclature.families)
    segment = request.form.get("segment", "")
    try:
        event_on = request.form.get("event_on", "")
        made = campaigns.create(
            session(), request.form.get("title", ""), segment if segment in families else "",
            date.fromisoformat(event_on) if event_on else None,
        )  # fmt: skip
    except CampaignError as error:
        flash(str(error), "bad")
        return redirect(url_for("invitation.index"))
    except ValueError:
        flash("La date s’écrit jour, mois, année.", "bad")
        return redirect(url_for("invitation.index"))
    return redirect(url_for("invitation.sheet", slug=made.slug))


@PAGES.get("/<slug>")
@deciders_only
def sheet(slug: str) -> str:
    """A page to print."""
    campaign = _find(slug)
    family = dict(site().nomenclature.families).get(campaign.segment, "")
    return render_template(
        "invitation/sheet.html", title=campaign.title, campaign=campaign, family=family,
        address=_address(campaign),
    )  # fmt: skip


@PAGES.get("/<slug>/qr.svg")
@deciders_only
def code(slug: str) -> BaseResponse:
    """Its QR code."""
    made = segno.make(_address(_find(slug)), error="m")
    svg = io.BytesIO()
    made.save(svg, kind="svg", border=QUIET, omitsize=True, xmldecl=False)
    return Response(svg.getvalue(), mimetype="image/svg+xml")


def _address(campaign: Campaign) -> str:
    return str(links.absolute("registration.form", via=campaign.slug))


def _find(slug: str) -> Campaign:
    return session().get(Campaign, slug) or abort(404)
