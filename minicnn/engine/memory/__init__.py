"""Memory that stays from batch to batch, and the operations recorded on it."""
