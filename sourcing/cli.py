"""The `sourcing` command: each arrow of the path of data. Errors become one sentence."""

import logging
import sys

import click

from sourcing.commands import decide, fill, find, letters, measure, refresh, serve, shared

_log = logging.getLogger("sourcing")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sourcing-territorial")
@click.pass_context
def cli(context: click.Context) -> None:
    """Nommer les fournisseurs d'un territoire avant de publier un marché."""
    context.ensure_object(shared.Bench)
    logging.basicConfig(level=context.obj.settings.log.upper())


for command in (
    *fill.COMMANDS,
    *refresh.COMMANDS,
    *find.COMMANDS,
    *decide.COMMANDS,
    *measure.COMMANDS,
    *serve.COMMANDS,
    *letters.COMMANDS,
):
    cli.add_command(command)


def main() -> None:
    """Run the command; every foreseen failure is one French sentence and a non-zero exit."""
    bench = shared.Bench()
    try:
        code = cli.main(standalone_mode=False, obj=bench)
        bench.report.end()
        sys.exit(code)
    except click.ClickException as error:
        bench.report.end(error.format_message())
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        _stop(bench, "Interrompu : rien n'a été modifié.")
    except BrokenPipeError:
        sys.exit(1)
    except shared.FORESEEN as error:
        _stop(bench, str(error))
    except Exception as error:
        _log.debug("unexpected", exc_info=True)
        _stop(
            bench,
            f"Erreur inattendue ({type(error).__name__}: {error}). Rien n'a été modifié ; "
            "relancer avec SOURCING_LOG=debug pour le détail.",
        )


def _stop(bench: shared.Bench, sentence: str) -> None:
    bench.report.end(sentence)
    click.echo(sentence, err=True)
    sys.exit(1)
