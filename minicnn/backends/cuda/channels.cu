// Sums over everything but the channels, which stand last: (rows, C) -> (C).
//
// These are the gradients of biases and all the figures of a batch normalisation. A block is 32
// channels wide and 8 rows high: neighbouring threads read neighbouring channels, and thread
// (x, y) adds up rows y, y + 8, ... of the block's share of `span` rows. The 8 sums of a channel
// meet in shared memory. A grid of blocks leaves one row of sums for each share, and a second
// launch over those rows ends it. Atomic additions would do it in one launch, but in another
// order each time, and floating-point sums depend on the order.
//
// The last three serve a layer that ends in a bias and an activation. Its gradient dz before the
// activation is needed as a map and as a sum for each channel, so it is summed while it is made.

const int WIDTH = 32, HEIGHT = 8;

template <typename Real, typename Index>
__device__ void leave_sum(Real mine, Real* sums, Index C) {
    __shared__ Real all[HEIGHT][WIDTH];
    const Index c = Index(blockIdx.x) * WIDTH + threadIdx.x;
    all[threadIdx.y][threadIdx.x] = mine;
    __syncthreads();
    for (unsigned half = HEIGHT / 2; half > 0; half /= 2) {
        if (threadIdx.y < half)
            all[threadIdx.y][threadIdx.x] += all[threadIdx.y + half][threadIdx.x];
        __syncthreads();
    }
    if (threadIdx.y == 0 && c < C) sums[Index(blockIdx.y) * C + c] = all[0][threadIdx.x];
}

// Thread (x, y)'s rows of the block's share, and its channel.
#define FOR_MY_ROWS(row, c)                                                                \
    const Index c = Index(blockIdx.x) * WIDTH + threadIdx.x;                                \
    const Index first = Index(blockIdx.y) * span;                                           \
    const Index end = span < rows - first ? first + span : rows;                            \
    for (Index row = first + threadIdx.y; row < end && c < C; row += HEIGHT)

// Σ x
template <typename Real, typename Index>
__global__ void channel_sums(const Real* x, Real* sums, Index rows, Index C, Index span) {
    Real mine = 0;
    FOR_MY_ROWS(row, c) mine += x[row * C + c];
    leave_sum(mine, sums, C);
}

// Σ a · b
template <typename Real, typename Index>
__global__ void channel_dots(const Real* a, const Real* b, Real* sums, Index rows, Index C,
                             Index span) {
    Real mine = 0;
    FOR_MY_ROWS(row, c) mine += a[row * C + c] * b[row * C + c];
    leave_sum(mine, sums, C);
}

// Σ (x - mean)²
template <typename Real, typename Index>
__global__ void channel_spreads(const Real* x, const Real* mean, Real* sums, Index rows, Index C,
                                Index span) {
    Real mine = 0;
    FOR_MY_ROWS(row, c) mine += (x[row * C + c] - mean[c]) * (x[row * C + c] - mean[c]);
    leave_sum(mine, sums, C);
}

// dz = dy · f', and Σ dz on the way; the slope f' is read off the activation's output y
template <typename Real, typename Index, typename Slope>
__device__ void slope_and_sums(const Real* dy, const Real* y, Real* dz, Real* sums, Index rows,
                               Index C, Index span, Slope slope) {
    Real mine = 0;
    FOR_MY_ROWS(row, c) mine += dz[row * C + c] = dy[row * C + c] * slope(y[row * C + c]);
    leave_sum(mine, sums, C);
}

template <typename Real, typename Index>
__global__ void relu_and_sums(const Real* dy, const Real* y, Real* dz, Real* sums, Index rows,
                              Index C, Index span) {
    slope_and_sums(dy, y, dz, sums, rows, C, span, [](Real y) { return Real(y > 0); });
}

template <typename Real, typename Index>
__global__ void sigmoid_and_sums(const Real* dy, const Real* y, Real* dz, Real* sums, Index rows,
                                 Index C, Index span) {
    slope_and_sums(dy, y, dz, sums, rows, C, span, [](Real y) { return y * (1 - y); });
}

template <typename Real, typename Index>
__global__ void tanh_and_sums(const Real* dy, const Real* y, Real* dz, Real* sums, Index rows,
                              Index C, Index span) {
    slope_and_sums(dy, y, dz, sums, rows, C, span, [](Real y) { return 1 - y * y; });
}
