// The mask of a dropout, drawn from Philox 4x64, the counter-based generator.
//
// A counter-based generator has no state that a thread would have to wait for: the numbers are a
// scrambling of (key, counter), ten rounds of multiplying two 64-bit words and mixing the halves
// of the products. So every thread can compute its own numbers straight away, and the mask is,
// bit for bit, the one that NumPy's Philox draws on a CPU.
//
// Sample n reads the stream `key` from counter (0, 0, 0, sample + n). NumPy counts up before it
// draws, so block number b (from 0) of four words comes from counter (b + 1, 0, 0, sample + n).
// A word serves two cells, its low half the first: one thread fills 8 cells. A cell is kept if
// its 32 bits are at or above `threshold` = rate · 2^32.

typedef unsigned long long Word;

__device__ inline void philox_4x64(Word counter[4], Word key0, Word key1) {
    for (int round = 0; round < 10; ++round) {
        const Word high0 = __umul64hi(0xD2E7470EE14C6C93ull, counter[0]);
        const Word low0 = 0xD2E7470EE14C6C93ull * counter[0];
        const Word high1 = __umul64hi(0xCA5A826395121157ull, counter[2]);
        const Word low1 = 0xCA5A826395121157ull * counter[2];
        counter[0] = high1 ^ counter[1] ^ key0;
        counter[1] = low1;
        counter[2] = high0 ^ counter[3] ^ key1;
        counter[3] = low0;
        key0 += 0x9E3779B97F4A7C15ull;  // the golden ratio
        key1 += 0xBB67AE8584CAA73Bull;  // √3 - 1
    }
}

//
// In a graph, which repeats its launches as they were, `key` cannot be an argument: `live` says
// where two words lie that change from step to step.

template <typename Index>
__global__ void keep_mask(bool* keep, Index n, Index cells, Word key0, Word key1, Word sample,
                          unsigned int threshold, Word live) {
    if (live) {
        key0 = reinterpret_cast<const Word*>(live)[0];
        key1 = reinterpret_cast<const Word*>(live)[1];
    }
    const Index blocks = (cells + 7) / 8;  // of 8 cells a sample
    FOR_EACH(i, n) {
        const Index row = i / blocks, block = i % blocks;
        Word words[4] = {Word(block) + 1, 0, 0, sample + Word(row)};
        philox_4x64(words, key0, key1);
        for (int j = 0; j < 8; ++j) {
            const Index cell = block * 8 + j;
            const unsigned int bits = (unsigned int)(words[j / 2] >> (j % 2 ? 32 : 0));
            if (cell < cells) keep[row * cells + cell] = bits >= threshold;
        }
    }
}

// Puts words where a graph's kernels read what changes from step to step. They come as an
// argument, with the launch, so nothing is copied and nobody waits.
struct Words {
    Word of[32];
};

template <typename Index>
__global__ void put_words(Word* to, Index n, Words words) {
    FOR_EACH(i, n) to[i] = words.of[i];
}
