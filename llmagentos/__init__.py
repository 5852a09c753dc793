"""The agent operating system: agents, models, tools, the command line."""
