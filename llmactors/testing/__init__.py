"""Tests of actors, from one that is driven by hand to whole trees under every fault."""
