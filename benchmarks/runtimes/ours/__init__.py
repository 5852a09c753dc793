"""llmactors, as a user writes it: one file for each family of cases."""
