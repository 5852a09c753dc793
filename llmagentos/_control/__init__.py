"""How the command line talks to a running system: a socket only its owner reaches, and what may be asked over it."""
