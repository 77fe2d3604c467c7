// A bias and the activation behind it, in one pass: y ← f(y + b), b the same for all rows.
//
// The matrix product has just written y; adding b and taking f apart would carry all of it
// through memory twice. Here it makes one journey there and back, and f costs nothing: a GPU
// waits for memory, not for arithmetic. n numbers, C of them a row.

template <typename Real, typename Index>
__global__ void bias_relu(Real* y, const Real* b, Index n, Index C) {
    FOR_EACH(i, n) {
        const Real z = y[i] + b[i % C];
        y[i] = z > 0 || isnan(z) ? z : Real(0);
    }
}

template <typename Real, typename Index>
__global__ void bias_sigmoid(Real* y, const Real* b, Index n, Index C) {
    FOR_EACH(i, n) {
        const Real z = y[i] + b[i % C], e = exp(-fabs(z));  // no overflow: see activation.cu
        y[i] = (z >= 0 ? Real(1) : e) / (Real(1) + e);
    }
}

template <typename Real, typename Index>
__global__ void bias_tanh(Real* y, const Real* b, Index n, Index C) {
    FOR_EACH(i, n) y[i] = tanh(y[i] + b[i % C]);
}
