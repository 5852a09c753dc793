"""Simulation: whole trees of actors in one thread, in virtual time, every choice made by one seed."""
