// What every kernel file begins with (kernels.py puts this text in front of it).
//
// A kernel is a function that very many threads run at once. Threads stand in blocks, blocks in
// a grid; a thread learns its place from threadIdx, blockIdx, blockDim and gridDim. Threads of
// one block can share memory and wait for one another at __syncthreads(); blocks cannot.
//
// Kernels are templates: Real is float or double, Index is int, or long long where an array has
// more cells than an int can count (arithmetic on 64 bits is several times slower, so it is
// left to those who need it).
#ifndef MINICNN_COMMON
#define MINICNN_COMMON

// One thread for each of n numbers, whatever the size of the grid: a thread that is done takes
// the number that is one whole grid further on. Neighbouring threads take neighbouring numbers,
// so that a warp of 32 reads and writes memory in one stroke.
#define FOR_EACH(i, n)                                                             \
    for (Index i = Index(blockIdx.x) * blockDim.x + threadIdx.x; i < (n);          \
         i += Index(gridDim.x) * blockDim.x)

// A block for each row of a map, its threads along the row. Where a row lies is then worked out
// once for a block, and not for every number: divisions are what a GPU is slowest at.
#define FOR_EACH_ROW(row, rows) for (Index row = blockIdx.x; row < (rows); row += gridDim.x)
#define ALONG(i, n) for (Index i = threadIdx.x; i < (n); i += blockDim.x)

// Where a window lies on a map: map H × W with C channels, window KH × KW that moves by SH, SW,
// with gaps of DH, DW, on a map padded by TOP and LEFT cells; it fits at OH × OW places.
#define WINDOW                                                                     \
    Index H, Index W, Index C, Index KH, Index KW, Index SH, Index SW, Index DH,   \
        Index DW, Index TOP, Index LEFT, Index OH, Index OW

// The window that sees a cell as its k-th along one axis: `at` is the cell's place on the padded
// map less k · dilation, so at = window · stride if there is one. False if there is none.
template <typename Index>
__device__ bool window_at(Index at, Index stride, Index windows, Index& window) {
    if (at < 0) return false;
    window = stride == 1 ? at : at / stride;  // all threads agree on the stride: no waiting
    return window * stride == at && window < windows;
}

template <typename Real>
__device__ Real larger(Real a, Real b) {
    return a > b || isnan(a) ? a : b;
}

// The sum (or the maximum) of one number from each thread of a block of ROW_THREADS, given to all
// of them: pairs of threads, pairs of pairs, and so on, through shared memory, in a fixed order.
const int ROW_THREADS = 128;

template <typename Real, bool MAXIMUM>
__device__ Real over_block(Real mine) {
    __shared__ Real all[ROW_THREADS];
    const unsigned t = threadIdx.x;
    __syncthreads();  // the last round's readers are done
    all[t] = mine;
    __syncthreads();
    for (unsigned half = ROW_THREADS / 2; half > 0; half /= 2) {
        if (t < half) all[t] = MAXIMUM ? larger(all[t], all[t + half]) : all[t] + all[t + half];
        __syncthreads();
    }
    return all[0];
}

#endif
