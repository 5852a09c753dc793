"""Types of the standard library, taken apart and built again. All are exact classes: a subclass never gets here."""

from __future__ import annotations

import datetime as dt
import re
import uuid
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path, PosixPath, PurePosixPath, PureWindowsPath, WindowsPath
from typing import Any, Final

from llmactors._codec._tags import RefusedError, Tag, Tree, tagged

PATHS: Final = {cls.__name__: cls for cls in (PosixPath, WindowsPath, PurePosixPath, PureWindowsPath)}
ZONE_KEY: Final = re.compile(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*")


def _split_datetime(value: dt.datetime) -> Tree:
    return [value.replace(tzinfo=None).isoformat(), value.fold, _split_zone(value.tzinfo)]


def _join_datetime(content: Any) -> dt.datetime:
    text, fold, zone = content
    return dt.datetime.fromisoformat(text).replace(fold=fold, tzinfo=_join_zone(zone))


def _split_time(value: dt.time) -> Tree:
    return [value.replace(tzinfo=None).isoformat(), value.fold, _split_zone(value.tzinfo)]


def _join_time(content: Any) -> dt.time:
    text, fold, zone = content
    return dt.time.fromisoformat(text).replace(fold=fold, tzinfo=_join_zone(zone))


def _split_delta(value: dt.timedelta) -> Tree:
    return [value.days, value.seconds, value.microseconds]


def _split_timezone(value: dt.timezone) -> Tree:
    _, *name = value.__getinitargs__()[:2]  # type: ignore[attr-defined]  # only there one sees whether it has a name
    return [_split_delta(value.utcoffset(None)), *name]


def _join_timezone(content: Any) -> dt.timezone:
    offset, *name = content
    return dt.timezone(dt.timedelta(*offset), *name) if offset != [0, 0, 0] or name else dt.UTC


def _split_zone(zone: dt.tzinfo | None) -> Tree:
    if zone is None:
        return None
    if type(zone) is dt.timezone:
        return _split_timezone(zone)
    if type(zone) is zoneinfo.ZoneInfo and zone.key:
        return zone.key
    raise RefusedError(f"has a time zone of type {type(zone).__qualname__}; use datetime.timezone or zoneinfo.ZoneInfo")


def _join_zone(content: Any) -> dt.tzinfo | None:
    if content is None:
        return None
    return _join_key(content) if isinstance(content, str) else _join_timezone(content)


def _join_key(key: Any) -> zoneinfo.ZoneInfo:
    """Return the zone of this name from the system's files; the package `tzdata` would have to be imported."""
    if not isinstance(key, str) or not ZONE_KEY.fullmatch(key):
        raise RefusedError(f"names the time zone {key!r}")
    if not any((Path(root) / key).is_file() for root in zoneinfo.TZPATH):
        raise RefusedError(f"names the time zone {key!r}, which this machine does not have")
    return zoneinfo.ZoneInfo(key)


def _split_big(value: int) -> Tree:
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def _join_path(content: Any) -> Any:
    name, text = content
    return PATHS[name](text)


def _encode_odd(value: str) -> Tree:
    return value.encode("utf-8", "surrogatepass")


SPLIT: Final[dict[type, tuple[Tag, Callable[[Any], Tree]]]] = {
    bytearray: (Tag.BYTEARRAY, bytes),
    complex: (Tag.COMPLEX, lambda value: [value.real, value.imag]),
    dt.datetime: (Tag.DATETIME, _split_datetime),
    dt.date: (Tag.DATE, dt.date.isoformat),
    dt.time: (Tag.TIME, _split_time),
    dt.timedelta: (Tag.TIMEDELTA, _split_delta),
    dt.timezone: (Tag.TIMEZONE, _split_timezone),
    zoneinfo.ZoneInfo: (Tag.ZONE, _split_zone),
    uuid.UUID: (Tag.UUID, lambda value: value.bytes),
    Decimal: (Tag.DECIMAL, str),
    **{cls: (Tag.PATH, lambda value: [type(value).__name__, str(value)]) for cls in PATHS.values()},
}

JOIN: Final[dict[Tag, Callable[[Any], Any]]] = {
    Tag.BYTEARRAY: bytearray,
    Tag.BIG_INT: lambda content: int.from_bytes(content, "little", signed=True),
    Tag.ODD_STR: lambda content: content.decode("utf-8", "surrogatepass"),
    Tag.COMPLEX: lambda content: complex(*content),
    Tag.DATETIME: _join_datetime,
    Tag.DATE: dt.date.fromisoformat,
    Tag.TIME: _join_time,
    Tag.TIMEDELTA: lambda content: dt.timedelta(*content),
    Tag.TIMEZONE: _join_timezone,
    Tag.ZONE: _join_key,
    Tag.UUID: lambda content: uuid.UUID(bytes=content),
    Tag.DECIMAL: Decimal,
    Tag.PATH: _join_path,
}


def split_scalar(value: Any) -> Tree:
    """Return an `int` or `str` that MessagePack does not take as it is."""
    if type(value) is int:
        return tagged(Tag.BIG_INT, _split_big(value))
    return tagged(Tag.ODD_STR, _encode_odd(value))


def fits(value: Any) -> bool:
    """Say whether MessagePack takes this scalar as it is."""
    if type(value) is int:
        return -(1 << 63) <= value < 1 << 64
    if type(value) is str and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return False
    return True
