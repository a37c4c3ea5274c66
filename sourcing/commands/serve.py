"""Commands that serve: the site, the demonstration, accounts, and the state of the base."""

import json
import secrets
from datetime import datetime
from pathlib import Path

import click
import waitress
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import demo as demonstration
from connectors import load_all
from sourcing import audit, linking, people, places, tagging
from sourcing import ingest as ingestion
from sourcing.commands import processes as several
from sourcing.commands.shared import Bench, pass_bench, progress
from sourcing.model import Mention, Place, Run, Setting, Supplier, Tag
from sourcing.source import SourceError
from webapp import create_app, post

LORIENT = "200042174"
THREADS = 8
# Pages whose templates and questions every process has ready.
WARM = ("/fournisseurs", "/inscription?creation=1")


@click.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 pour tout le réseau.")
@click.option(
    "--processes", default=several.usual, type=click.IntRange(1, 16), help="2 au plus d'ordinaire."
)
@pass_bench
def serve(bench: Bench, port: int, host: str, processes: int) -> None:
    """Servir le site."""
    try:
        address = several.listen(host, port)
    except OSError as error:
        raise SourceError(
            f"Le port {port} ne peut pas être ouvert ({error.strerror}). "
            "En choisir un autre avec --port."
        ) from error
    app = create_app(bench.settings, bench.engine, bench.nomenclature, load_all())
    # Read once by the process that keeps the others, which share it: a process that replaces
    # another answers at once. No connection is shared.
    bench.nomenclature.classify("espaces verts")
    for page in WARM:
        app.test_client().get(page)
    bench.engine.dispose()
    click.echo(f"Le site est prêt : http://{host}:{port} (Ctrl+C pour l'arrêter)")

    def work() -> None:
        post.start(app)
        waitress.serve(app, sockets=[address], threads=THREADS, ident="sourcing")

    several.serve(processes, work)


@click.command()
@click.option("--establishments", default=20_000, show_default=True, metavar="N")
@click.option(
    "--files",
    "files_only",
    type=click.Path(path_type=Path),
    metavar="DOSSIER",
    help="Écrire seulement les fichiers des sources dans ce dossier.",
)
@click.option("--no-serve", is_flag=True, help="Remplir la base sans servir le site.")
@click.option("--port", default=8000, show_default=True)
@click.pass_context
def demo(
    context: click.Context, establishments: int, files_only: Path | None, no_serve: bool, port: int
) -> None:
    """Remplir une base de démonstration (noms fictifs) et la servir."""
    bench: Bench = context.obj
    if files_only:
        written = demonstration.generate(files_only, establishments)
        written["territory"] = demonstration.territory_files(files_only)
        click.echo("\n".join(str(path) for paths in written.values() for path in paths))
        return
    with bench.session() as session:
        state = _demo_state(session)
    if state == "real":
        raise SourceError(
            f"La base de {bench.settings.data_dir} contient de vraies données : "
            "la démonstration ne s'y installe pas. Choisir un autre SOURCING_DATA_DIR."
        )
    if state != str(establishments):
        _fill_demo(bench, establishments)
    if not no_serve:
        context.invoke(serve, port=port, host="127.0.0.1")


def _demo_state(session: Session) -> str:
    """ "real", "" for an empty base, or the size of the demonstration it holds."""
    origin = session.get(Setting, "origin")
    if origin is not None and origin.value == "demo":
        size = session.get(Setting, "demo_establishments")
        return size.value if size else ""
    filled = session.scalar(select(Supplier.id).limit(1)) or session.scalar(
        select(Mention.id).limit(1)
    )
    return "real" if filled else ""


def _fill_demo(bench: Bench, establishments: int) -> None:
    """The true pipeline on invented files, in one transaction: killed, it leaves nothing behind."""
    folder = bench.settings.data_dir / "demo"
    with progress("Fichiers fictifs") as step:
        files = demonstration.generate(folder, establishments, progress=step)
    with bench.filling() as session:
        session.merge(Setting(key="origin", value="demo"))
        places.load_territory(session, [LORIENT], files=demonstration.territory_files(folder))
        # The register first: contracts are those of whom the base knows.
        for name, source in sorted(load_all().items(), key=lambda one: one[1].kind == "contracts"):
            if name in files:
                with progress(source.title) as step:
                    run = ingestion.ingest(
                        session,
                        source,
                        files[name],
                        progress=step,
                        margin_km=bench.settings.margin_km,
                    )
                if run.outcome != "done":
                    raise SourceError(run.message)
                click.echo(f"{source.title} : {run.kept} lignes gardées sur {run.rows}.", err=True)
        with progress("Liens") as step:
            linking.link(session, progress=step)
        with progress("Étiquettes") as step:
            tagging.tag(session, bench.nomenclature, progress=step)
        session.merge(Setting(key="demo_establishments", value=str(establishments)))
        if not people.count(session):
            _demo_account(session)


def _demo_account(session: Session) -> None:
    """An administrator for the demonstration, with a password nobody else knows, printed once."""
    password = secrets.token_urlsafe(12)
    people.save(session, "demo@exemple.fr", password, "admin", "Démonstration")
    click.echo(f"Compte de démonstration : demo@exemple.fr, mot de passe {password}")


@click.command()
@click.argument("email")
@click.option("--role", default="buyer", show_default=True, type=click.Choice(list(people.ROLES)))
@click.option("--name", default="")
@click.option("--organisation", help="Celle dont elle voit les dossiers.")
@click.password_option("--password", prompt="Mot de passe")
@pass_bench
def user(
    bench: Bench, email: str, role: str, name: str, password: str, organisation: str | None
) -> None:
    """Créer un compte, ou changer son mot de passe et son rôle."""
    with bench.session() as session:
        person = people.save(session, email, password, role, name)
        if organisation is not None:
            people.belong(session, person, organisation)
        audit.write(session, "la ligne de commande", "account", f"{person.email} {role}")
        click.echo(f"Compte {person.email} ({people.ROLES[role]}) enregistré.")


@click.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@pass_bench
def status(bench: Bench, form: str) -> None:
    """Dire ce que contient la base et de quand datent ses sources."""
    with bench.session() as session:
        state = _state(session)
    if form == "json":
        click.echo(json.dumps(state, ensure_ascii=False, indent=1))
        return
    for label, value in state.items():
        if isinstance(value, dict):
            value = ", ".join(f"{number} {what}" for what, number in value.items())
        click.echo(f"{label} : {value}" if not isinstance(value, list) else f"{label} :")
        for run in value if isinstance(value, list) else ():
            click.echo("  " + ", ".join(f"{k} {v}" for k, v in run.items()))


def _state(session: Session) -> dict[str, object]:
    def count(of: type) -> int:
        return session.scalar(select(func.count()).select_from(of)) or 0

    latest = select(func.max(Run.id)).group_by(Run.source)
    runs = session.scalars(select(Run).where(Run.id.in_(latest)).order_by(Run.source)).all()
    origin = session.get(Setting, "origin")
    return {
        "origine": origin.value if origin else "réelle",
        "communes": session.scalar(select(func.count()).where(Place.in_territory)) or 0,
        "fournisseurs": count(Supplier),
        "lignes de listes": count(Mention),
        "liens": linking.audit(session),
        "étiquettes": count(Tag),
        "sources": [
            {
                "source": run.source,
                "le": f"{run.started_at:%Y-%m-%d}",
                "résultat": run.outcome,
                "lues": run.rows,
                "gardées": run.kept,
                "rejetées": run.rejected,
            }
            | ({"raison": run.message} if run.outcome != "done" else {})
            for run in runs
        ],
        "au": f"{datetime.now():%Y-%m-%d %H:%M}",
    }


COMMANDS = (serve, demo, user, status)
