"""The `sourcing` command: each arrow of the path of data. Errors become one sentence."""

import gc
import logging
import sys
from importlib import import_module

import click

from sourcing import Foreseen
from sourcing.commands import shared

# What each module of sourcing/commands defines. Only the one of the command typed is imported:
# refreshing needs neither the site nor its maps.
MODULES = {
    "fill": ("territory", "fetch", "ingest", "geocode", "link", "tag"),
    "refresh": ("refresh", "take", "withdraw"),
    "find": ("search", "map", "sheet", "classify"),
    "match": ("match",),
    "decide": ("reserve", "spending", "indicators", "dossiers"),
    "measure": ("evaluate", "train"),
    "serve": ("serve", "demo", "user", "status"),
    "letters": ("letters",),
}
# Things made before what may be thrown away among them is looked for: a command that makes rows by
# the thousand keeps them, and Python's 700 had it looking a tenth of its time.
MADE_BEFORE_A_LOOK = 50_000
MODULE_OF = {name: module for module, names in MODULES.items() for name in names}
_log = logging.getLogger("sourcing")


class _Commands(click.Group):
    """Commands by their names in MODULES."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(MODULE_OF)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in MODULE_OF:
            return None
        defined: tuple[click.Command, ...]
        defined = import_module(f"sourcing.commands.{MODULE_OF[name]}").COMMANDS
        return next(command for command in defined if command.name == name)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="sourcing-territorial")
@click.pass_context
def cli(context: click.Context) -> None:
    """Nommer les fournisseurs d'un territoire avant de publier un marché."""
    if not gc.isenabled():
        # The command is imported (see __main__): what it makes from here on may be thrown away.
        gc.freeze()
        gc.set_threshold(MADE_BEFORE_A_LOOK)
        gc.enable()
    context.ensure_object(shared.Bench)
    logging.basicConfig(level=context.obj.settings.log.upper())


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
    except Foreseen as error:
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
