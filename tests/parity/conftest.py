"""Files that import a framework are not searched for doctests: `make test` installs none."""

collect_ignore = ["keras_side.py", "torch_side.py", "record.py"]
