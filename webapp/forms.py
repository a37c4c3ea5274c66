"""Every form, with the sentences a person reads when a field is not right."""

import re
from collections.abc import Callable
from typing import Any

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
from sourcing.normalise.contact import typed_email
from sourcing.registrations import GROUPINGS
from sourcing.tagging.statuses import SIZES

ZONES = (
    ("commune", "Dans ma commune"),
    ("10", "Jusqu’à 10 km"),
    ("30", "Jusqu’à 30 km"),
    ("60", "Jusqu’à 60 km"),
    ("communes", "Dans les communes que je nomme"),
    ("france", "Dans toute la France"),
)
# Changes when the information text of a form changes, so that a consent says to what.
CONSENT_VERSION = "2026-11"
LONGEST_TEXT = 600
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
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
        return typed_email(text)
    except ValueError:
        raise ValueError(
            "cette adresse n’est pas complète ; exemple : contact@structure.fr"
        ) from None


def plain(text: str) -> str:
    """What was typed, without tags nor the characters no keyboard writes."""
    bare = _TAG.sub(" ", text)
    return "".join(c for c in bare if c.isprintable() or c == "\n").strip()


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


def short(label: str, most: int = 150, **render: Any) -> StringField:
    """An optional line."""
    return StringField(
        label, [Length(max=most, message=f"{most} caractères au plus.")],
        render_kw={"maxlength": most, **render},
    )  # fmt: skip


def long(label: str, rows: int = 3) -> TextAreaField:
    """An optional paragraph."""
    return TextAreaField(
        label, [Length(max=LONGEST_TEXT, message=f"{LONGEST_TEXT} caractères au plus.")],
        render_kw={"rows": rows, "maxlength": LONGEST_TEXT},
    )  # fmt: skip


def chosen(*known: str) -> Any:
    """One of these codes; what nobody proposed is refused."""
    return AnyOf(known, message="Choisir dans la liste.")


class RegistrationForm(FlaskForm):  # type: ignore[misc]
    """What a structure says of itself; without SIRET, it says in which commune it is to be."""

    siret = HiddenField("SIRET", [Optional(), cleaned(normalise.siret)])
    commune = short("Commune où elle se crée", 80)
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
    zone = StringField("Où travaillez-vous ?", [chosen(*(code for code, _ in ZONES))], default="30")
    communes = short("Communes, séparées par des virgules", 400)
    website = URLField(
        "Site internet",
        [
            Optional(),
            Length(max=200, message="200 caractères au plus."),
            cleaned(normalise.website),
        ],
        render_kw={"autocomplete": "url", "inputmode": "url"},
    )
    email = EmailField(
        "Votre adresse électronique",
        [
            InputRequired("Indiquer l’adresse où recevoir votre code."),
            Length(max=200, message="200 caractères au plus."),
            cleaned(e_mail),
        ],
        render_kw={"autocomplete": "email"},
    )
    phone = TelField(
        "Téléphone (facultatif)",
        [Optional(), Length(max=40, message="40 caractères au plus."), cleaned(normalise.phone)],
        render_kw={"autocomplete": "tel"},
    )
    consent = BooleanField(
        "J’accepte que cette adresse et ce téléphone soient montrés aux acheteurs."
    )
    size = StringField("Effectif", [Optional(), chosen(*(size.code for size in SIZES))])
    statuses = SelectMultipleField("Statuts", choices=[], validate_choice=False)
    innovation = long("Ce que vous faites de nouveau")
    innovation_since = short("Depuis quand", 60)
    commitments = SelectMultipleField("Engagements", choices=[], validate_choice=False)
    materials = long("Matériaux proposés (biosourcés, réemployés, recyclés…)", 2)
    references = long("Références : pour qui avez-vous déjà travaillé ?")
    grouping = StringField("Vous répondriez", [Optional(), chosen(*GROUPINGS)])
    tih = BooleanField("Je suis travailleur indépendant handicapé (TIH)")
    tih_consent = BooleanField(
        "J’accepte expressément que cette information, qui touche à la santé, soit gardée et "
        "montrée aux acheteurs connectés."
    )
    # Shown to nobody: only a robot fills it.
    surname = StringField("Laisser vide", render_kw={"autocomplete": "off", "tabindex": "-1"})
    # "1" once the person has seen the proposed categories.
    proposed = HiddenField(default="")
    # When the form was shown, the work done meanwhile, the invitation that brought the person.
    opened = HiddenField(default="")
    altcha = HiddenField(default="")
    via = HiddenField("", [Length(max=60)])

    def validate_tih_consent(self, field: Field) -> None:
        """Health data are kept with their own agreement, or not at all."""
        if self.tih.data and not field.data:
            raise ValidationError("Cocher aussi cette case, ou retirer la précédente.")


class CodeForm(FlaskForm):  # type: ignore[misc]
    """The six digits of a letter."""

    code = StringField(
        "Code reçu par courriel",
        [InputRequired("Écrire les six chiffres du courriel.")],
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 12},
    )


class MailboxForm(FlaskForm):  # type: ignore[misc]
    """An address to write to."""

    email = EmailField(
        "Adresse électronique",
        [InputRequired("Indiquer votre adresse."), Length(max=200), cleaned(e_mail)],
        render_kw={"autocomplete": "email"},
    )
    surname = StringField("Laisser vide", render_kw={"autocomplete": "off", "tabindex": "-1"})
    altcha = HiddenField(default="")


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """Accept or refuse a registration; the reason serves the refusal."""

    reason = StringField("Motif du refus", [Length(max=500, message="500 caractères au plus.")])
