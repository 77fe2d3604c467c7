"""Photographs in: data sets, pictures from folders, drawn pets, augmentation (floor 4)."""
