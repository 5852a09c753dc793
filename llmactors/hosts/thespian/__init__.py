"""`Thespian(...)` and `ThespianChild`: actors of a Thespian actor system as children. The only files that name it."""

__all__: list[str] = []
