"""`hwnas table`: latency tables, one file a command."""

import typer

from hwnas.cli import (
    table_diff,
    table_export,
    table_import,
    table_merge,
    table_networks,
    table_show,
    table_validate,
)

app = typer.Typer(
    help="Show, check, compare, merge, export and import latency tables.", no_args_is_help=True
)
app.command("show")(table_show.show_table)
app.command("validate")(table_validate.validate_table)
app.command("diff")(table_diff.diff_tables)
app.command("merge")(table_merge.merge_tables)
app.command("export")(table_export.export_table)
app.command("import")(table_import.import_table)
app.command("export-networks")(table_networks.export_networks)
