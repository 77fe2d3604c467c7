"""Products of matrices, laid out so that BLAS is quick and little is copied."""
