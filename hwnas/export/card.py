"""README.md of an export: a model card as Hugging Face reads it, and people do."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from hwnas.core.digests import digest
from hwnas.export.pytorch_source import MODEL_SOURCE
from hwnas.export.timm import ARCHITECTURE, TIMM_SOURCE

CARD = "README.md"
"""The name of the file. A person may edit it, so that no hash is kept of it."""
UNKNOWN = "unknown"
"""What Hugging Face calls the licence of a model that names none."""

# Of more classes the card names the first ones: config.json has them all.
_NAMED = 20
_PRECISIONS = {"fp32": "float32", "fp16": "float16", "int8": "8-bit integers"}
_HOW_MEASURED = (
    "Measured on the exported file, at batch {batch}: the 25 % quantile of all inferences, over "
    "several processes, at the machine's usual speed."
)

Facts = Mapping[str, Any]


def model_card(config: Facts, verification: Facts, license_id: str | None = None) -> str:
    """The card of an exported network.

    Args:
        config: what config.json holds.
        verification: what verification.json holds.
        license_id: its identifier, as in "apache-2.0"; None where none was chosen.
    """
    parts = [
        _front_matter(config, verification, license_id),
        f"# {_plain(_title(config, verification))}",
        _what(config, verification),
        "## Accuracy",
        _accuracy(verification),
        "## Latency",
        _latency(verification),
        "## How it was found",
        _found(config, verification),
        "## Use it",
        _use(config),
        "## Classes",
        _classes(config),
        "## Licence",
        _license_text(license_id),
    ]
    return "\n\n".join(parts) + "\n"


def signed(card: str) -> str:
    """A card with a last line, which is not seen, by which it is known whether it was edited."""
    return f"{card}\n<!-- as hwnas wrote it: {digest(card)} -->\n"


def was_edited(text: str) -> bool:
    """Whether a person has written something into a card, or all of it."""
    match = re.fullmatch(r"(.*)\n<!-- as hwnas wrote it: ([0-9a-f]+) -->\n", text, re.DOTALL)
    return match is None or digest(match[1]) != match[2]


def with_license(card: str, license_id: str) -> str:
    """A card, edited or not, with another licence in the lines at its top.

    Raises:
        ValueError: it has no such lines.
    """
    match = re.match(r"---\n.*?^---$", card, re.DOTALL | re.MULTILINE)
    if match is None:
        raise ValueError("there are no lines between two '---' at its top")
    head = match[0]
    named, count = re.subn(r"^license:.*$", f"license: {license_id}", head, flags=re.MULTILINE)
    if not count:
        named = head.replace("---\n", f"---\nlicense: {license_id}\n", 1)
    text = named + card[match.end() :].replace(_license_text(None), _license_text(license_id))
    return re.sub(r"^(## Licence\n\n)`[^`\n]*`$", rf"\g<1>`{license_id}`", text, flags=re.MULTILINE)


def _front_matter(config: Facts, verification: Facts, license_id: str | None) -> str:
    images = str(verification["images"]["name"])
    result = {
        "task": {"type": "image-classification"},
        "dataset": {
            "name": images,
            "type": re.sub(r"[^\w.-]+", "-", images).strip("-") or "images",
        },
        "metrics": [
            {
                "type": "accuracy",
                "value": round(verification["accuracy"]["test_onnx"] / 100, 4),
                "name": "test accuracy of model.onnx",
            }
        ],
    }
    tags = ["image-classification", "onnx", "pytorch", "neural-architecture-search", "hwnas"]
    content = {
        "license": license_id or UNKNOWN,
        "library_name": "hwnas",
        "pipeline_tag": "image-classification",
        "tags": tags + (["timm"] if _timm(config) else []),
        "model-index": [{"name": _title(config, verification), "results": [result]}],
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---"


def _title(config: Facts, verification: Facts) -> str:
    found, own = verification["found"], config.get("id")
    # The id alone of a winner: after another export it may no longer be one.
    names = (None if own and found["as"] == "winner" else found["as"], own)
    which = " ".join(dict.fromkeys(str(name) for name in names if name))
    return _line(f"{found['space']} for {verification['images']['name']}: {which}")


def _what(config: Facts, verification: Facts) -> str:
    ms, device = verification["latency"]["measured_ms"], verification["latency"]["device"]
    speed = f", in {ms:.4g} ms on {_plain(device)}" if ms else ""
    size, right = config["resolution"], verification["accuracy"]["test_onnx"]
    return (
        f"Classifies images of {size} × {size} pixels into {len(config['class_names'])} classes: "
        f"{right:.1f} % right on test images{speed}. "
        f"{verification['macs'] / 1e6:.3g} million multiply-accumulates, "
        f"{verification['parameters'] / 1e6:.3g} million parameters."
    )


def _accuracy(verification: Facts) -> str:
    images, found = verification["images"], verification["accuracy"]
    precision = _PRECISIONS.get(verification["precision"], verification["precision"])
    rows = [
        (f"model.onnx ({precision})", images["test"], "test", found["test_onnx"], "test_onnx"),
        ("model.safetensors (PyTorch)", images["test"], "test", found["test"], "test"),
        (
            "model.safetensors (PyTorch)",
            images["validation"],
            "validation",
            found["validation"],
            "validation",
        ),
    ]
    header = ("file", "images", "right", "95 % interval")
    table = _table(
        header,
        [
            (file, f"{count:,} {split}", f"{value:.2f} %", _interval(found["interval"].get(key)))
            for file, count, split, value, key in rows
        ],
    )
    return (
        f"Trained on {images['train']:,} images of {_plain(images['name'])}; the test images were "
        f"seen by neither the training nor the search.\n\n{table}"
    )


def _interval(found: Sequence[float] | None) -> str:
    return "–" if not found else f"{found[0]:.1f} to {found[1]:.1f} %"


def _latency(verification: Facts) -> str:
    own = verification["latency"]
    further = verification.get("further_devices", {})
    rows = [_latency_row(own["device"], own), *(_latency_row(*one) for one in further.items())]
    header = (
        "device",
        "processor",
        "runtime",
        "precision",
        "threads",
        "measured",
        "predicted",
        "budget",
    )
    how = _HOW_MEASURED.format(batch=own["measured_by"]["batch"])
    return f"{_table(header, rows)}\n\n{how}"


def _latency_row(device: str, timed: Facts) -> tuple[str, ...]:
    by = timed["measured_by"]
    values = (timed["measured_ms"], timed["predicted_ms"], timed["budget_ms"])
    runtime = f"{by['runtime']} {by.get('runtime_version') or ''}".strip()
    return (
        device,
        by.get("cpu") or "–",
        runtime,
        by["precision"],
        str(by["threads"]),
        *("–" if value is None else f"{value:.4g} ms" for value in values),
    )


def _found(config: Facts, verification: Facts) -> str:
    found, training = verification["found"], config["training"]
    budgets = [f"{_plain(name)} {_plain(text)}" for name, text in found["budgets"].items()]
    within = f" within {', '.join(budgets)}" if budgets else ""
    if found["as"] == "reference":
        first = (
            "A published network, trained on the same images as those that hwnas "
            f"{config['hwnas']} found in the space {_code(found['space'])}, to compare them with."
        )
    else:
        first = (
            f"hwnas {config['hwnas']} searched the space {_code(found['space'])}{within}, by "
            f"{', '.join(map(_code, found['searchers']))}; networks were judged by "
            f"{_code(found['estimator'])}."
        )
    start = {
        "supernet": "the weights of a supernet",
        "scratch": "random weights",
        "pretrained": f"the published weights of {_plain(training.get('pretrained', 'a network'))}",
    }.get(training["weights_from"], _plain(training["weights_from"]))
    blocks = len(config["blocks"])
    return (
        f"{first} It has {blocks} blocks, and was trained for {training['epochs']} epochs from "
        f"{start}. The outputs of the float32 ONNX file differ from PyTorch's by at most "
        f"{verification['onnx_max_abs_diff']:.1e} on the test images. "
        f"Exported {verification['date']}."
    )


def _use(config: Facts) -> str:
    size = config["resolution"]
    pytorch = (
        f"In PyTorch, with `{MODEL_SOURCE}`, which needs torch and safetensors alone:\n\n"
        "```python\nfrom model import load, normalise\n\nmodel = load()\n"
        f"logits = model(normalise(pixels))  # uint8 RGB (N, 3, {size}, {size})\n```"
    )
    timm = (
        f"In timm, with `{TIMM_SOURCE}`:\n\n"
        "```python\nimport timm\nimport timm_model\n\n"
        'model = timm.create_model("local-dir:.", pretrained=True).eval()\n```'
    )
    runtime = (
        "`model.onnx` runs in ONNX Runtime. `config.json` says under `input` what it takes and how "
        "a photo becomes that, and has the names of the classes. With `pip install hwnas`:\n\n"
        "```sh\nhwnas predict . photo.jpg\n```"
    )
    return "\n\n".join([runtime, pytorch, *([timm] if _timm(config) else [])])


def _classes(config: Facts) -> str:
    names = [_plain(name) for name in config["class_names"]]
    rest = f", and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest


def _license_text(license_id: str | None) -> str:
    if license_id is None:
        return (
            "None was chosen. Whoever publishes this network decides: "
            "`hwnas publish --license apache-2.0`."
        )
    return f"`{license_id}`"


def _timm(config: Facts) -> bool:
    return config.get("architecture") == ARCHITECTURE


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([_plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: object) -> str:
    """A name from elsewhere as plain text in Markdown: one line, no markup."""
    line = html.escape(_line(text), quote=False)
    return re.sub(r"([\\`*\[\]#|~]|(?<!\w)_|_(?!\w))", r"\\\1", line)


def _code(text: object) -> str:
    return f"`{_line(text).replace('`', '')}`"


def _line(text: object) -> str:
    return " ".join(str(text).split())
