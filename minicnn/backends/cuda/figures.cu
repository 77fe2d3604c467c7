// The figures of an epoch, kept where the losses are made, so that nobody waits for them.
//
// A loss that is fetched makes the CPU wait until the GPU has done all that was asked of it, and
// the GPU then waits for the CPU to ask for more. So figures add up here, as doubles, and are
// fetched when somebody wants to see them:
//
//   figures[0] Σ loss · samples    [1] samples    [2] steps
//          [3] the first step that went wrong, or -1    [4] its loss    [5] 1: input not finite
//          [6] ...                 the tables of the metrics, one after another
//
// Once a step has gone wrong, nothing is counted and no parameter moves any more (optimizers.cu):
// whoever fetches the figures finds the weights as they were before that step.

#define WENT_WRONG(figures) ((figures)[3] >= 0)

// Thread 0 adds up one step; all samples of it share the mean `loss`.
template <typename Real, typename Index>
__global__ void tally(const Real* loss, double* figures, Index samples) {
    if (blockIdx.x != 0 || threadIdx.x != 0) return;
    if (!WENT_WRONG(figures)) {
        if (!isfinite(*loss) || figures[5] != 0) {
            figures[3] = figures[2];
            figures[4] = *loss;
        } else {
            figures[0] += double(*loss) * samples;
            figures[1] += samples;
        }
    }
    figures[2] += 1;
}

// Looks for NaN and infinity in what comes in. Whoever finds one writes the same 1.
template <typename Real, typename Index>
__global__ void look_finite(const Real* x, double* figures, Index n) {
    FOR_EACH(i, n) if (!isfinite(x[i]) && !WENT_WRONG(figures)) figures[5] = 1;
}

// A confusion matrix: row = true class, column = predicted, of samples with K numbers each. One
// number is a probability of class 1, of several the first largest wins. Additions of whole
// numbers give the same in every order, so here they may be atomic.
template <typename Real, typename Index>
__global__ void count_answers(const Real* said, const int* classes, double* figures, Index n,
                              Index K, Index table, double threshold) {
    const Index width = K > 2 ? K : 2;
    FOR_EACH(i, n) {
        if (WENT_WRONG(figures)) return;
        Index answer = 0;
        if (K == 1) answer = said[i] > Real(threshold);
        for (Index k = 1; k < K; ++k)
            if (said[i * K + k] > said[i * K + answer]) answer = k;
        atomicAdd(&figures[table + classes[i] * width + answer], 1.0);
    }
}

// A running figure moves towards the batch's: m · old + (1 - m) · new; not after a step that went
// wrong. `figures` may be null.
template <typename Real, typename Index>
__global__ void move_towards(const Real* old, const Real* seen, Real* moved, const double* figures,
                             Index n, double m) {
    FOR_EACH(i, n) {
        const bool still = figures && WENT_WRONG(figures);
        moved[i] = still ? old[i] : Real(m) * old[i] + Real(1 - m) * seen[i];
    }
}
