"""Limits of worker processes, as the machine allows: control groups of the kernel, or stopping and continuing."""
