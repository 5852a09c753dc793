"""The process host: actors in operating-system processes of their own."""
