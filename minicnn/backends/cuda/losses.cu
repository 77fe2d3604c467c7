// Sigmoid with binary cross-entropy, softmax with the categorical one: loss, slope and
// probabilities in one pass over the logits z, exact and finite however large z is.
//
//   binary:       p = 1 / (1 + e^-z),   loss = softplus(z) - y z,         slope = p - y
//   categorical:  p = e^z / Σ e^z,      loss = -Σ y (z - log Σ e^z),      slope = p Σ y - y
//
// The last axis has K numbers. A binary loss is the mean over them, a categorical one their sum;
// share[row] is the row's part of the mean over the batch. One block of ROW_THREADS threads takes a
// row after another and adds up what it saw; the blocks' sums, if there are several, are added by
// `total`. No order depends on who comes first, so equal batches have equal losses.

// Every number for itself: n of them.
template <typename Real, typename Index>
__global__ void sigmoid_crossentropy(const Real* z, const Real* y, const Real* share, Real* p,
                                     Real* slope, Real* losses, Index n, Index K) {
    Real mine = 0;
    FOR_EACH(i, n) {
        const Real part = share[i / K] / Real(K), e = exp(-fabs(z[i]));
        p[i] = (z[i] >= 0 ? Real(1) : e) / (Real(1) + e);
        slope[i] = (p[i] - y[i]) * part;
        const Real positive = z[i] > 0 ? z[i] : Real(0);
        mine += isnan(z[i]) ? z[i] : (positive + log1p(e) - y[i] * z[i]) * part;
    }
    mine = over_block<Real, false>(mine);
    if (threadIdx.x == 0) losses[blockIdx.x] = mine;
}

// A block for each row: its largest logit, the sum of the powers, and then the row itself.
template <typename Real, typename Index>
__global__ void softmax_crossentropy(const Real* z, const Real* y, const Real* share, Real* p,
                                     Real* slope, Real* losses, Index rows, Index K) {
    Real mine = 0;
    FOR_EACH_ROW(row, rows) {
        const Real *from = z + row * K, *label = y + row * K;
        Real top = from[0], sum = 0, labels = 0;
        ALONG(k, K) top = larger(from[k], top);
        top = over_block<Real, true>(top);
        ALONG(k, K) sum += exp(from[k] - top);
        ALONG(k, K) labels += label[k];
        sum = over_block<Real, false>(sum);
        labels = over_block<Real, false>(labels);
        const Real log_sum = log(sum);
        ALONG(k, K) {
            const Real shifted = from[k] - top;
            p[row * K + k] = exp(shifted) / sum;
            slope[row * K + k] = (p[row * K + k] * labels - label[k]) * share[row];
            mine -= label[k] * (shifted - log_sum) * share[row];
        }
    }
    mine = over_block<Real, false>(mine);
    if (threadIdx.x == 0) losses[blockIdx.x] = mine;
}

// The sum of n numbers, by one block.
template <typename Real, typename Index>
__global__ void total(const Real* parts, Real* sum, Index n) {
    Real mine = 0;
    ALONG(i, n) mine += parts[i];
    mine = over_block<Real, false>(mine);
    if (threadIdx.x == 0) *sum = mine;
}
