// Softmax and its logarithm over the last axis: y = e^(x - m) / Σ e^(x - m), m = max x.
//
// One block of ROW_THREADS threads takes one row of K numbers: thread t looks after the numbers
// t, t + ROW_THREADS, ... A maximum or a sum over the row is made in two stages: each thread for its
// own numbers, then pairs of threads, pairs of pairs, and so on, through shared memory. The order
// is fixed, so equal rows give equal sums. Shifting by the maximum changes nothing but keeps
// every power at or below 1.

template <typename Real, typename Index>
__global__ void softmax(const Real* x, Real* y, Index rows, Index K) {
    FOR_EACH_ROW(row, rows) {
        const Real* from = x + row * K;
        Real* to = y + row * K;
        Real top = from[0];
        ALONG(k, K) top = larger(top, from[k]);
        top = over_block<Real, true>(top);
        Real sum = 0;
        ALONG(k, K) sum += to[k] = exp(from[k] - top);
        sum = over_block<Real, false>(sum);
        ALONG(k, K) to[k] /= sum;
    }
}

template <typename Real, typename Index>
__global__ void log_softmax(const Real* x, Real* y, Index rows, Index K) {
    FOR_EACH_ROW(row, rows) {
        const Real* from = x + row * K;
        Real* to = y + row * K;
        Real top = from[0];
        ALONG(k, K) top = larger(top, from[k]);
        top = over_block<Real, true>(top);
        Real sum = 0;
        ALONG(k, K) sum += exp(from[k] - top);
        const Real log_sum = log(over_block<Real, false>(sum));
        ALONG(k, K) to[k] = (from[k] - top) - log_sum;
    }
}
