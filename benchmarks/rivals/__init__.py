"""One file per rival; what they measure, and how, is in `measured`."""
