"""Builds small TFLite files: one layer from a picture to each output, for tests of the reader."""

from collections.abc import Sequence
from typing import Any

import flatbuffers  # type: ignore[import-untyped]  # published without types
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

SCALE = 0.02
_TYPES = {
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "float32": schema.TensorType.FLOAT32,
}


def tiny_model(
    input_shape: Sequence[int] = (1, 64, 64, 1),
    outputs: Sequence[int] = (8,),
    dtype: str = "int8",
    seed: int = 1,
    inputs: int = 1,
) -> bytes:
    """Return a file with one fully connected layer per number of `outputs`, random weights.

    Args:
        input_shape: Of the picture, batch first.
        outputs: How many values each output has.
        dtype: `int8` (weights and activations), `uint8` (both ends unsigned) or `float32`.
        seed: Of the weights.
        inputs: How many pictures it asks for; the layers see the first.
    """
    random = np.random.default_rng(seed)
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    graph.tensors, graph.operators, graph.outputs = [], [], []
    graph.inputs = [_tensor(model, f"picture{n}", input_shape, dtype) for n in range(inputs)]
    model.operatorCodes = [_fully_connected()]
    for number, values in enumerate(outputs):
        weights = random.integers(-127, 128, (values, int(np.prod(input_shape)))).astype(np.int8)
        kept: npt.NDArray[Any] = {
            "float32": weights.astype(np.float32) / 1000,
            "uint8": weights.view(np.uint8),
        }.get(dtype, weights)
        ends = [
            graph.inputs[0],
            _tensor(model, f"weights{number}", weights.shape, dtype, kept),
            -1,
        ]
        graph.outputs.append(_tensor(model, f"output{number}", (1, values), dtype))
        operator = schema.OperatorT()
        operator.inputs, operator.outputs = ends, [graph.outputs[-1]]
        operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        operator.builtinOptions = schema.FullyConnectedOptionsT()
        graph.operators.append(operator)
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(
    model: Any, name: str, shape: Sequence[int], dtype: str, content: npt.NDArray[Any] | None = None
) -> int:
    """Add a tensor and return its number."""
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type = name, list(shape), _TYPES[dtype]
    if dtype != "float32":
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [SCALE]
        tensor.quantization.zeroPoint = [128 if dtype == "uint8" else 0]
    if content is not None:
        tensor.buffer = len(model.buffers)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(content.tobytes(), np.uint8)
        model.buffers.append(buffer)
    tensors = model.subgraphs[0].tensors
    tensors.append(tensor)
    return len(tensors) - 1


def _fully_connected() -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 4
    return code
