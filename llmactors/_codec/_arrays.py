"""numpy arrays and torch tensors. Both packages are looked up in `sys.modules` and never imported."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any, Final

from llmactors._codec._tags import RefusedError, Tag, Tree, tagged

APART: Final = 64 * 1024  # bytes above which data goes into shared memory
PLAIN_KINDS = "biufcSUmM?"  # numpy's kinds that are bytes and nothing else


Apart = Callable[[Any], Tree | None]
"""Puts a flat buffer into shared memory; None where it does not go there."""


def split_array(value: Any, apart: Apart) -> Tree | None:
    """Return what an array, numpy scalar or tensor is built from; None for any other value.

    Raises:
        RefusedError: It holds objects, lies on a device, or belongs to a graph of gradients.
    """
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        if type(value) is numpy.ndarray:
            return _split_ndarray(numpy, value, apart)
        if isinstance(value, numpy.generic) and type(value).__module__ == "numpy":
            _check_dtype(value.dtype)
            return tagged(Tag.NUMPY_SCALAR, [value.dtype.str, value.tobytes()])
    if torch is not None and type(value) is torch.Tensor:
        return _split_tensor(torch, value, apart)
    return None


def _check_dtype(dtype: Any) -> None:
    if dtype.fields is not None or dtype.kind not in PLAIN_KINDS:
        raise RefusedError(f"is an array of {dtype}; only plain numbers, text and times cross")


def _split_ndarray(numpy: Any, value: Any, apart: Apart) -> Tree:
    _check_dtype(value.dtype)
    order = "F" if value.flags.f_contiguous and not value.flags.c_contiguous else "C"
    data = None
    if value.nbytes > APART:
        flat = numpy.ascontiguousarray(value.T if order == "F" else value)
        data = apart(memoryview(flat.reshape(-1).view(numpy.uint8)))
    return tagged(
        Tag.ARRAY, [value.dtype.str, list(value.shape), order, value.tobytes(order) if data is None else data]
    )


def join_array(content: Any) -> Any:
    """Return the array, writable and its own."""
    numpy = _loaded("numpy")
    dtype, shape, order, data = content
    flat = numpy.frombuffer(_memory(data), dtype=_dtype(numpy, dtype))
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


def _split_tensor(torch: Any, value: Any, apart: Apart) -> Tree:
    if value.device.type != "cpu":
        raise RefusedError(f"is a tensor on {value.device}; send `tensor.cpu()`")
    if value.requires_grad and not value.is_leaf:
        raise RefusedError("is a tensor in a graph of gradients; send `tensor.detach()`")
    if value.layout is not torch.strided or value.is_quantized or value.is_conj() or value.is_neg():
        raise RefusedError(
            "is a sparse, quantized or lazily transformed tensor; send it dense (`to_dense`, `resolve_conj`)"
        )
    dense = value.detach().contiguous()
    size, data = dense.numel() * dense.element_size(), None
    if size > APART:
        data = apart(memoryview((ctypes.c_char * size).from_address(dense.data_ptr())))
    if data is None:
        data = ctypes.string_at(dense.data_ptr(), size)
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
    flat = torch.frombuffer(_memory(data), dtype=dtype) if data else torch.empty(0, dtype=dtype)
    made = flat.reshape(shape)
    return made.requires_grad_(requires_grad) if requires_grad else made


def _memory(data: Any) -> Any:
    """Return writable memory of one's own with these bytes; what lies in shared memory is that."""
    return data if type(data) is memoryview else bytearray(data)


def _loaded(package: str) -> Any:
    module = sys.modules.get(package)
    if module is None:
        raise RefusedError(f"needs {package}, which this process has not imported; import it in the actor's module")
    return module
