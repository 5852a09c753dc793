"""Values on their way to another process and back: exact, bounded, and never code."""

from llmactors._codec._codec import NO_TYPES, Codec, Limits, Packed, RefTable, hold
from llmactors._codec._hints import EndpointTypes, types_of_endpoint, types_of_hint
from llmactors._codec._plain import fits
from llmactors._codec._registry import Types, name_of, register

__all__ = [
    "NO_TYPES",
    "Codec",
    "EndpointTypes",
    "Limits",
    "Packed",
    "RefTable",
    "Types",
    "fits",
    "hold",
    "name_of",
    "register",
    "types_of_endpoint",
    "types_of_hint",
]
