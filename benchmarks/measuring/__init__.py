"""From measurements to figures: rounds in turns, medians and ratios, tables and charts."""
