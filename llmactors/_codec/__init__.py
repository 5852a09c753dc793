"""Values on their way to another process and back: exact, bounded, and never code."""

from llmactors._codec._arrays import APART
from llmactors._codec._building import make_message
from llmactors._codec._codec import NO_TYPES, Codec, Limits, Packed, check_size, hold, is_long, pack_once
from llmactors._codec._hints import EndpointTypes, types_of_endpoint, types_of_hint
from llmactors._codec._plain import fits
from llmactors._codec._ports import RefTable, SegmentTable
from llmactors._codec._registry import Types, name_of, register
from llmactors._codec._tags import RefusedError, SegmentError
from llmactors._codec._taking import SCALARS

__all__ = [
    "APART",
    "NO_TYPES",
    "SCALARS",
    "Codec",
    "EndpointTypes",
    "Limits",
    "Packed",
    "RefTable",
    "RefusedError",
    "SegmentError",
    "SegmentTable",
    "Types",
    "check_size",
    "fits",
    "hold",
    "is_long",
    "make_message",
    "name_of",
    "pack_once",
    "register",
    "types_of_endpoint",
    "types_of_hint",
]
