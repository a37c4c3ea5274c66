"""The `sourcing` command: each arrow of the path of data. Errors become one sentence."""

import logging
import sys

import click

from sourcing.commands import fill, find, measure, serve, shared

_log = logging.getLogger("sourcing")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sourcing-territorial")
@click.pass_context
def cli(context: click.Context) -> None:
    """Nommer les fournisseurs d'un territoire avant de publier un marché."""
    context.obj = shared.Bench()
    logging.basicConfig(level=context.obj.settings.log.upper())


for command in (*fill.COMMANDS, *find.COMMANDS, *measure.COMMANDS, *serve.COMMANDS):
    cli.add_command(command)


def main() -> None:
    """Run the command; every foreseen failure is one French sentence and a non-zero exit."""
    try:
        sys.exit(cli.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        _stop("Interrompu : rien n'a été modifié.")
    except BrokenPipeError:
        sys.exit(1)
    except shared.FORESEEN as error:
        _stop(str(error))
    except Exception as error:
        _log.debug("unexpected", exc_info=True)
        _stop(
            f"Erreur inattendue ({type(error).__name__}: {error}). Rien n'a été modifié ; "
            "relancer avec SOURCING_LOG=debug pour le détail."
        )


def _stop(sentence: str) -> None:
    click.echo(sentence, err=True)
    sys.exit(1)
