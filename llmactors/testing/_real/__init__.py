"""The same tests and fault plans against real processes: signals, stopped workers, full disks."""
