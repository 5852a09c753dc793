"""What the agent OS decides: pure functions of state and event, without clock, thread, socket, randomness or log."""
