"""`Thread()` and `PykkaChild`: handlers on threads, built on Pykka. The only files that name it."""

__all__: list[str] = []
