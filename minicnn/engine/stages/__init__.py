"""What takes a block of samples through a step of a network (floor 3)."""
