"""The processor: the library's own threads, BLAS's, and how many cores there are."""
