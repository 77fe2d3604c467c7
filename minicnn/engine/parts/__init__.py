"""What steps do: a layer of any kind, and the fast versions of some."""
