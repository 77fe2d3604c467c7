// Softmax and its logarithm over the last axis: y = e^(x - m) / Σ e^(x - m), m = max x.
//
// One block of THREADS threads takes one row of K numbers: thread t looks after the numbers
// t, t + THREADS, ... A maximum or a sum over the row is made in two stages: each thread for its
// own numbers, then pairs of threads, pairs of pairs, and so on, through shared memory. The order
// is fixed, so equal rows give equal sums. Shifting by the maximum changes nothing but keeps
// every power at or below 1.

const int THREADS = 128;

template <typename Real>
__device__ Real larger(Real a, Real b) {
    return a > b || isnan(a) ? a : b;
}

// The sum (or the maximum) of one number from each thread of the block, given to all of them.
template <typename Real, bool MAXIMUM>
__device__ Real over_block(Real mine) {
    __shared__ Real all[THREADS];
    const unsigned t = threadIdx.x;
    __syncthreads();  // the last round's readers are done
    all[t] = mine;
    __syncthreads();
    for (unsigned half = THREADS / 2; half > 0; half /= 2) {
        if (t < half) all[t] = MAXIMUM ? larger(all[t], all[t + half]) : all[t] + all[t + half];
        __syncthreads();
    }
    return all[0];
}

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
