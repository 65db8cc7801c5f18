"""`hwnas space`: search spaces, one file a command."""

import typer

from hwnas.cli import space_generate, space_show

app = typer.Typer(help="Show search spaces, and draw new ones.", no_args_is_help=True)
app.command("show")(space_show.show_space)
app.command("generate")(space_generate.generate)
