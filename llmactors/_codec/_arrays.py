"""numpy arrays and torch tensors. Both packages are looked up in `sys.modules` and never imported."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from llmactors._codec._tags import RefusedError, Tag, Tree, tagged

PLAIN_KINDS = "biufcSUmM?"  # numpy's kinds that are bytes and nothing else


def split_array(value: Any) -> Tree | None:
    """Return what an array, numpy scalar or tensor is built from; None for any other value.

    Raises:
        RefusedError: It holds objects, lies on a device, or belongs to a graph of gradients.
    """
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        if type(value) is numpy.ndarray:
            return _split_ndarray(value)
        if isinstance(value, numpy.generic) and type(value).__module__ == "numpy":
            _check_dtype(value.dtype)
            return tagged(Tag.NUMPY_SCALAR, [value.dtype.str, value.tobytes()])
    if torch is not None and type(value) is torch.Tensor:
        return _split_tensor(torch, value)
    return None


def _check_dtype(dtype: Any) -> None:
    if dtype.fields is not None or dtype.kind not in PLAIN_KINDS:
        raise RefusedError(f"is an array of {dtype}; only plain numbers, text and times cross")


def _split_ndarray(value: Any) -> Tree:
    _check_dtype(value.dtype)
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    return tagged(Tag.ARRAY, [value.dtype.str, list(value.shape), order, value.tobytes(order)])


def join_array(content: Any) -> Any:
    """Return the array, writable and its own."""
    numpy = _loaded("numpy")
    dtype, shape, order, data = content
    flat = numpy.frombuffer(bytearray(data), dtype=_dtype(numpy, dtype))
    return flat.reshape(shape, order=order)


def join_numpy_scalar(content: Any) -> Any:
    """Return the numpy scalar."""
    numpy = _loaded("numpy")
    dtype, data = content
    kind = _dtype(numpy, dtype)
    return numpy.frombuffer(data, dtype=kind, count=1)[0] if kind.itemsize else kind.type()  # an empty text has no size


def _dtype(numpy: Any, text: Any) -> Any:
    if not isinstance(text, str):
        raise RefusedError(f"names {text!r} as the type of an array")
    dtype = numpy.dtype(text)
    _check_dtype(dtype)
    return dtype


def _split_tensor(torch: Any, value: Any) -> Tree:
    if value.device.type != "cpu":
        raise RefusedError(f"is a tensor on {value.device}; send `tensor.cpu()`")
    if value.requires_grad and not value.is_leaf:
        raise RefusedError("is a tensor in a graph of gradients; send `tensor.detach()`")
    if value.layout is not torch.strided or value.is_quantized or value.is_conj() or value.is_neg():
        raise RefusedError(
            "is a sparse, quantized or lazily transformed tensor; send it dense (`to_dense`, `resolve_conj`)"
        )
    dense = value.detach().contiguous()
    data = ctypes.string_at(dense.data_ptr(), dense.numel() * dense.element_size())
    dtype = str(value.dtype).removeprefix("torch.")
    return tagged(Tag.TENSOR, [dtype, list(value.shape), value.requires_grad, data])


def join_tensor(content: Any) -> Any:
    """Return the tensor, with memory of its own."""
    torch = _loaded("torch")
    name, shape, requires_grad, data = content
    dtype = getattr(torch, name, None) if isinstance(name, str) else None
    if not isinstance(dtype, torch.dtype):
        raise RefusedError(f"names {name!r} as the type of a tensor")
    # it refuses an empty buffer
    flat = torch.frombuffer(bytearray(data), dtype=dtype) if data else torch.empty(0, dtype=dtype)
    made = flat.reshape(shape)
    return made.requires_grad_(requires_grad) if requires_grad else made


def _loaded(package: str) -> Any:
    module = sys.modules.get(package)
    if module is None:
        raise RefusedError(f"needs {package}, which this process has not imported; import it in the actor's module")
    return module
