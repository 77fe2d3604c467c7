// Pictures as they are stored, one byte a number, to floats from 0 to 1.
//
// Done here, a picture crosses the bus to the GPU as bytes: a quarter of what floats would take.
// `scale` is 1/255, rounded to Real by whoever calls, so that the result is NumPy's to the bit.
// Where all pictures lie on the GPU, a batch is gathered and scaled in one go: `order` says which
// pictures, of `width` bytes each, make it up.

template <typename Real, typename Index>
__global__ void bytes_to_floats(const unsigned char* x, Real* y, Index n, double scale) {
    FOR_EACH(i, n) y[i] = Real(x[i]) * Real(scale);
}

template <typename Real, typename Index>
__global__ void gather_bytes(const unsigned char* x, const int* order, Real* y, Index rows,
                             Index width, double scale) {
    FOR_EACH_ROW(row, rows) {
        const long long from = (long long)order[row] * width;  // all pictures may be many
        ALONG(i, width) y[row * width + i] = Real(x[from + i]) * Real(scale);
    }
}
