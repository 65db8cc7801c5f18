"""fp32 ONNX → fp16 ONNX, for runtimes that compute in the types that a graph says.

The converter is ONNX Runtime's.
"""

import onnx


def to_half(model: onnx.ModelProto, *, first: bool, last: bool) -> onnx.ModelProto:
    """The fp16 model: half-precision weights and activations throughout.

    Inside a network, blocks take and give half-precision tensors; the image and the logits of a
    network stay float32, by a Cast that the whole network has once.

    Args:
        model: an fp32 model with fixed shapes; it is left as it is.
        first: whether its input is the image.
        last: whether its output is the logits.
    """
    # Here, not above: it takes 0.4 s to import, and fp32 needs none of it.
    from onnxruntime.transformers.float16 import convert_float_to_float16

    kept = [value.name for value in model.graph.input if first]
    kept += [value.name for value in model.graph.output if last]
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    # The empty list converts every operator; by default some stay in float32, which only ONNX
    # Runtime needs.
    half: onnx.ModelProto = convert_float_to_float16(copy, keep_io_types=kept, op_block_list=[])
    # It puts the Cast of the image behind all other nodes, and ONNX wants them in order.
    image = [node for node in half.graph.node if node.input[0] in kept]
    others = [node for node in half.graph.node if node.input[0] not in kept]
    del half.graph.node[:]
    half.graph.node.extend([*image, *others])
    return half
