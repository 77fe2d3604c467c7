# On a machine with a GPU: make test-gpu. It fetches nothing: python3 (or GPU_PYTHON=...) must
# have CuPy, pytest, hypothesis and what minicnn needs; minicnn itself is taken from this folder.
# CuPy's own warnings, about a CUDA that it does not need, are shown and are no failures.
GPU_PYTHON ?= python3

.PHONY: test-gpu bench-gpu

test-gpu:  ## the CuPy backend's tests on a real GPU
	PYTHONPATH=. $(GPU_PYTHON) -m pytest -q -W default -m gpu tests/backends

bench-gpu:  ## training and prediction on a GPU, beside PyTorch
	PYTHONPATH=. $(GPU_PYTHON) benchmarks/gpu.py
