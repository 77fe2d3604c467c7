"""What becomes of the gradients: they are collected, or moved by at once."""
