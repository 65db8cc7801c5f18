"""The process that converts to LiteRT, quantises, and runs files: one task on its standard input.

Contracts, as of litert-torch 0.10.0, ai-edge-quantizer 0.10.0 and ai-edge-litert 2.3.0:
`litert_torch.convert(module, (image,)).export(path)`; `Quantizer(path)` with the recipe
`static_wi8_ai8` and calibrated on inputs by the name of the only signature, or with weights cast to
float16; `Interpreter(path)`.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_SIGNATURE, _INPUT = "serving_default", "args_0"


def main() -> int:
    """Runs the task; returns the exit code."""
    job = json.loads(sys.stdin.read())
    try:
        _TASKS[job.pop("task")](**job)
    except Exception as error:
        text = " ".join(str(error).split())
        sys.stderr.write(f"{type(error).__name__}: {text[:500]}\n")
        return 2
    return 0


def convert(export: str, shape: list[int], file: str) -> None:
    """The fp32 file of an export folder for an input of this shape."""
    import litert_torch
    import torch

    from hwnas.training.exported import read_network

    module = read_network(Path(export)).eval()
    litert_torch.convert(module, (torch.zeros(*shape),)).export(file)


def quantize(folder: str, precision: str) -> None:
    """`model.<precision>.tflite` of `model.fp32.tflite` beside it; int8 needs `images.npy`."""
    from ai_edge_quantizer import algorithm_manager, qtyping, quantizer, recipe

    source = str(Path(folder) / "model.fp32.tflite")
    if precision == "int8":
        made = quantizer.Quantizer(source, recipe.static_wi8_ai8())
        for end in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
            made.update_quantization_recipe(  # images and logits stay float32
                regex=".*",
                operation_name=end,
                algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE,
            )
        result = made.quantize(made.calibrate({_SIGNATURE: _inputs(Path(folder) / "images.npy")}))
    else:
        made = quantizer.Quantizer(source)
        half = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
        made.update_quantization_recipe(
            regex=".*",
            operation_name=qtyping.TFLOperationName.ALL_SUPPORTED,
            op_config=qtyping.OpQuantizationConfig(
                weight_tensor_config=half,
                compute_precision=qtyping.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            ),
            algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING,
        )
        result = made.quantize()
    result.export_model(str(Path(folder) / f"model.{precision}.tflite"))


def run(folder: str, file: str) -> None:
    """`outputs.npy` of `inputs.npy` (batches, batch, ...), by the interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(file, num_threads=1)
    interpreter.allocate_tensors()
    (image,), (logits,) = interpreter.get_input_details(), interpreter.get_output_details()
    outputs = []
    for values in np.load(Path(folder) / "inputs.npy", allow_pickle=False):
        interpreter.set_tensor(image["index"], values)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(logits["index"]).copy())
    np.save(Path(folder) / "outputs.npy", np.stack(outputs))


def _inputs(path: Path) -> list[dict[str, Any]]:
    """Every batch by the name of the input: a list, since the quantiser goes through it twice."""
    return [{_INPUT: values} for values in np.load(path, allow_pickle=False)]


_TASKS: dict[str, Callable[..., None]] = {"convert": convert, "quantize": quantize, "run": run}

if __name__ == "__main__":
    sys.exit(main())
