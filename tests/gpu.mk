# On a machine with a GPU: make test-gpu. It fetches nothing: python3 (or GPU_PYTHON=...) must
# have CuPy, NumPy, pytest and hypothesis; minicnn itself is taken from this folder.
GPU_PYTHON ?= python3

.PHONY: test-gpu bench-gpu

test-gpu:  ## the CuPy backend's tests on a real GPU
	PYTHONPATH=. $(GPU_PYTHON) -m pytest -q -m gpu tests/backends

bench-gpu:  ## training and prediction on a GPU, beside PyTorch
	PYTHONPATH=. $(GPU_PYTHON) benchmarks/gpu.py
