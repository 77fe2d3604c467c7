// Sigmoid and softplus, number by number, without ever overflowing: only e^-|x| is taken.
//
//   sigmoid(x)  = 1 / (1 + e^-x)
//   softplus(x) = log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
//
// Written with array operations, each would read and write memory six times; a kernel does it
// once, and memory is what such functions wait for. The same holds on the way back, where the
// slope of an activation is read off its output y: so nothing but y has to be kept.

template <typename Real, typename Index>
__global__ void sigmoid(const Real* x, Real* y, Index n) {
    FOR_EACH(i, n) {
        const Real e = exp(-fabs(x[i]));
        y[i] = (x[i] >= 0 ? Real(1) : e) / (Real(1) + e);
    }
}

template <typename Real, typename Index>
__global__ void softplus(const Real* x, Real* y, Index n) {
    FOR_EACH(i, n) {
        const Real positive_part = x[i] > 0 ? x[i] : Real(0);
        y[i] = isnan(x[i]) ? x[i] : positive_part + log1p(exp(-fabs(x[i])));
    }
}

template <typename Real, typename Index>
__global__ void relu_backward(const Real* dy, const Real* y, Real* dx, Index n) {
    FOR_EACH(i, n) dx[i] = dy[i] * Real(y[i] > 0);
}

template <typename Real, typename Index>
__global__ void sigmoid_backward(const Real* dy, const Real* y, Real* dx, Index n) {
    FOR_EACH(i, n) dx[i] = dy[i] * y[i] * (1 - y[i]);
}

template <typename Real, typename Index>
__global__ void tanh_backward(const Real* dy, const Real* y, Real* dx, Index n) {
    FOR_EACH(i, n) dx[i] = dy[i] * (1 - y[i] * y[i]);
}
