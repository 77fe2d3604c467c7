// Pictures as they are stored, one byte a number, to floats from 0 to 1.
//
// Done here, a picture crosses the bus to the GPU as bytes: a quarter of what floats would take.
// `scale` is 1/255, rounded to Real by whoever calls, so that the result is NumPy's to the bit.

template <typename Real, typename Index>
__global__ void bytes_to_floats(const unsigned char* x, Real* y, Index n, double scale) {
    FOR_EACH(i, n) y[i] = Real(x[i]) * Real(scale);
}
