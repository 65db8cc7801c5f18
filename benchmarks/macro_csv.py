"""NAS-Bench-Macro as a CSV for `hwnas rank --truth` and `accuracy.file`: a row a training.

python -m benchmarks.macro_csv --data nas-bench-macro_cifar10.json --out macro.csv
"""

import argparse
from pathlib import Path

from benchmarks.macro_table import Macro
from hwnas.core.files import write_atomically


def main() -> None:
    """Writes three rows for each of the 3,969 distinct networks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="nas-bench-macro_cifar10.json")
    parser.add_argument("--out", type=Path, required=True, help="the CSV")
    options = parser.parse_args()
    macro = Macro.load(options.data)
    lines = ["architecture,accuracy"]
    for row, runs in zip(macro.rows.tolist(), macro.runs.tolist(), strict=True):
        lines += [f"{' '.join(map(str, row))},{value:.4f}" for value in runs]
    write_atomically(options.out, "\n".join(lines) + "\n")
    print(f"{options.out}: {len(lines) - 1:,} rows")


if __name__ == "__main__":
    main()
