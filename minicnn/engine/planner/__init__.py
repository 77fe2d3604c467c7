"""From layers to a plan: which layers go together, and what goes block by block."""
