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

// Where a window lies on a map: map H × W with C channels, window KH × KW that moves by SH, SW,
// with gaps of DH, DW, on a map padded by TOP and LEFT cells; it fits at OH × OW places.
#define WINDOW                                                                     \
    Index H, Index W, Index C, Index KH, Index KW, Index SH, Index SW, Index DH,   \
        Index DW, Index TOP, Index LEFT, Index OH, Index OW

#endif
