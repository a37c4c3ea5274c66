"""The command that sends what waits in the outbox and erases what is past its term."""

import click
from sqlalchemy.orm import Session

from connectors import load_all
from sourcing import outbox
from sourcing.commands.shared import Bench, count, pass_bench
from webapp import create_app, post
from webapp.context import KEY


@click.command()
@pass_bench
def letters(bench: Bench) -> None:
    """Envoyer les courriels en attente, effacer ce qui est arrivé à son terme.

    Le site le fait de lui-même tant qu'il tourne ; la commande sert quand il est arrêté.
    """
    app = create_app(bench.settings, bench.engine, bench.nomenclature, load_all())
    erased, asked = post.upkeep(app)
    sent = post.deliver(app.extensions[KEY])
    with Session(bench.engine) as session:
        left = outbox.waiting(session)
    bench.say(
        f"{count(sent, 'courriel envoyé', 'courriels envoyés')}, {left} en attente ; "
        f"{count(erased, 'ligne effacée', 'lignes effacées')} à son terme, "
        f"{count(asked, 'fiche à relire', 'fiches à relire')}."
    )


COMMANDS = (letters,)
