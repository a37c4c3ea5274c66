"""Every form, with the sentences a person reads when a field is not right."""

from collections.abc import Callable
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
    URLField,
    ValidationError,
)
from wtforms.validators import AnyOf, InputRequired, Length, Optional

from sourcing import normalise

ZONES = (
    ("commune", "Dans ma commune"),
    ("10", "Jusqu’à 10 km"),
    ("30", "Jusqu’à 30 km"),
    ("60", "Jusqu’à 60 km"),
    ("france", "Dans toute la France"),
)
# Changes when the information text of the form changes, so that a consent says to what.
CONSENT_VERSION = "2026-09"
LONGEST_ACTIVITY = 1500


def cleaned(clean: Callable[[str], str]) -> Callable[[Any, Field], None]:
    """A validator that puts the cleaned value in the field, or says why it cannot."""

    def validate(_form: Any, field: Field) -> None:
        try:
            field.data = clean((field.data or "").strip())
        except ValueError as error:
            sentence = str(error)
            raise ValidationError(sentence[:1].upper() + sentence[1:].rstrip(".") + ".") from error

    return validate


def e_mail(text: str) -> str:
    """An address that can be written to, lower-case; ValueError otherwise."""
    try:
        return validate_email(text, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise ValueError(
            "cette adresse n’est pas complète ; exemple : contact@structure.fr"
        ) from None


class SignInForm(FlaskForm):  # type: ignore[misc]  # flask_wtf is not typed
    """Address and password."""

    email = EmailField(
        "Adresse électronique",
        [InputRequired("Indiquer votre adresse.")],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Mot de passe",
        [InputRequired("Indiquer votre mot de passe.")],
        render_kw={"autocomplete": "current-password"},
    )


class RegistrationForm(FlaskForm):  # type: ignore[misc]
    """What a structure says of itself."""

    siret = HiddenField("SIRET", [InputRequired("Indiquer le SIRET."), cleaned(normalise.siret)])
    name = StringField(
        "Nom de la structure",
        [
            InputRequired("Indiquer le nom connu de vos clients."),
            Length(max=150, message="150 caractères au plus."),
        ],
        render_kw={"autocomplete": "organization", "maxlength": 150},
    )
    activity = TextAreaField(
        "Ce que vous vendez, avec vos mots",
        [
            InputRequired("Dire en une phrase ce que vous vendez."),
            Length(max=LONGEST_ACTIVITY, message="1 500 caractères au plus."),
        ],
        render_kw={"rows": 4, "maxlength": LONGEST_ACTIVITY},
    )
    segments = SelectMultipleField("Catégories d’achat", choices=[], validate_choice=False)
    zone = StringField(
        "Où travaillez-vous ?",
        [AnyOf([code for code, _ in ZONES], message="Choisir dans la liste.")],
        default="30",
    )
    website = URLField(
        "Site internet (facultatif)",
        [Optional(), cleaned(normalise.website)],
        render_kw={"autocomplete": "url", "inputmode": "url"},
    )
    email = EmailField(
        "Adresse électronique (facultatif)",
        [Optional(), cleaned(e_mail)],
        render_kw={"autocomplete": "email"},
    )
    phone = TelField(
        "Téléphone (facultatif)",
        [Optional(), cleaned(normalise.phone)],
        render_kw={"autocomplete": "tel"},
    )
    consent = BooleanField("J’accepte que ces coordonnées soient montrées aux acheteurs publics.")
    # Shown to nobody: only a robot fills it.
    surname = StringField("Laisser vide", render_kw={"autocomplete": "off", "tabindex": "-1"})
    # "1" once the person has seen the proposed categories.
    proposed = HiddenField(default="")

    def validate_consent(self, field: Field) -> None:
        """Contact details are only kept with an agreement."""
        if (self.email.data or self.phone.data) and not field.data:
            raise ValidationError("Cocher cette case, ou retirer l’adresse et le téléphone.")


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """Accept or refuse a registration; the reason serves the refusal."""

    reason = StringField("Motif du refus", [Length(max=500, message="500 caractères au plus.")])
