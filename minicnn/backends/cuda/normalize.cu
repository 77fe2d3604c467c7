// Batch normalisation, once the sums over the batch are known (channels.cu makes those).
//
//   x̂ = (x - mean) · inv_std      y = γ · x̂ + β
//   dx = scale · (dy - mean_dy - x̂ · mean_dot)      with scale = γ · inv_std
//
// mean, inv_std, γ, β and the like are one number a channel; x holds n numbers, C a row. Every
// thread takes its number through the whole formula, so that the maps cross memory once.

template <typename Real, typename Index>
__global__ void normalize(const Real* x, const Real* mean, const Real* inv_std, const Real* gamma,
                          const Real* beta, Real* x_hat, Real* y, Index n, Index C) {
    FOR_EACH(i, n) {
        const Index c = i % C;
        x_hat[i] = (x[i] - mean[c]) * inv_std[c];
        y[i] = gamma[c] * x_hat[i] + beta[c];
    }
}

template <typename Real, typename Index>
__global__ void normalize_backward(const Real* dy, const Real* x_hat, const Real* scale,
                                   const Real* mean_dy, const Real* mean_dot, Real* dx, Index n,
                                   Index C) {
    FOR_EACH(i, n) {
        const Index c = i % C;
        dx[i] = scale[c] * (dy[i] - mean_dy[c] - x_hat[i] * mean_dot[c]);
    }
}
