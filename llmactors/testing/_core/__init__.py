"""What testing decides: laws, schedules, shrinking. Pure."""
