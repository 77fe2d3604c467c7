// A step of an optimizer for all parameters of a network in one launch.
//
// The rules are those of minicnn/optimizers/, number by number. Each array operation there is a
// journey of an array through memory; here a thread takes its number through the whole rule. And
// each launch costs a few microseconds, more than the arithmetic of a small bias: so a launch is
// given a table of arrays, cut into chunks of CHUNK numbers, and a block takes a chunk at a time.
//
// The table travels with the launch, as the kernel's argument. Its numbers (a learning rate, say)
// are rounded once, as Python's floats are when they meet an array. A launch that is captured in
// a graph is repeated with the same arguments: then `live` says where numbers lie that change.

const int MOST = 32, CHUNK = 4096;

struct Table {
    unsigned long long arrays[MOST][5];  // addresses: parameter, gradient, slots
    long long sizes[MOST];
    long long ends[MOST];  // chunks of this array and of those before it
    double numbers[6];
    const double* live;     // or null: then `numbers` hold
    const double* figures;  // or null; see figures.cu: after a step that went wrong, nothing moves
    long long count;
};

// Calls rule(which array, which number of it, the numbers) for every number of every array.
template <typename Index, typename Rule>
__device__ void everywhere(const Table& table, Index chunks, Rule rule) {
    if (table.figures && table.figures[3] >= 0) return;
    const double* numbers = table.live ? table.live : table.numbers;
    for (Index chunk = blockIdx.x; chunk < chunks; chunk += gridDim.x) {
        int a = 0;
        while (chunk >= table.ends[a]) ++a;
        const Index first = (chunk - (a ? Index(table.ends[a - 1]) : 0)) * CHUNK;
        const Index rest = Index(table.sizes[a]) - first, here = rest < CHUNK ? rest : CHUNK;
        for (Index i = threadIdx.x; i < here; i += blockDim.x) rule(a, first + i, numbers);
    }
}

#define ARRAY(a, which) reinterpret_cast<Real*>(table.arrays[a][which])

// m ← μ m - lr g;  p ← p + m  (Nesterov: p + μ m - lr g)        numbers: lr, μ, Nesterov?
template <typename Real, typename Index>
__global__ void sgd(Index chunks, Table table) {
    everywhere(table, chunks, [&](int a, Index i, const double* numbers) {
        Real *p = ARRAY(a, 0), *g = ARRAY(a, 1), *m = ARRAY(a, 2);
        const Real step = Real(numbers[0]) * g[i], momentum = Real(numbers[1]);
        if (momentum == 0) {
            p[i] -= step;
            return;
        }
        m[i] = momentum * m[i] - step;
        p[i] += numbers[2] != 0 ? momentum * m[i] - step : m[i];
    });
}

// v ← ρ v + (1 - ρ) g²;  p ← p - lr g / √(v + ε)           numbers: lr, ρ, ε, momentum, centred?
// centred: mean ← ρ mean + (1 - ρ) g, and v - mean² in v's place; with momentum: m ← μ m + step.
template <typename Real, typename Index>
__global__ void rmsprop(Index chunks, Table table) {
    everywhere(table, chunks, [&](int a, Index i, const double* numbers) {
        Real *p = ARRAY(a, 0), *g = ARRAY(a, 1), *v = ARRAY(a, 2);
        const Real rho = Real(numbers[1]), rest = Real(1 - numbers[1]);
        v[i] = rho * v[i] + rest * g[i] * g[i];
        Real spread = v[i];
        if (numbers[4] != 0) {
            Real* mean = ARRAY(a, 3);
            mean[i] = rho * mean[i] + rest * g[i];
            spread -= mean[i] * mean[i];
            if (spread < 0) spread = 0;  // a variance: rounding goes below 0
        }
        Real step = Real(numbers[0]) * g[i] / sqrt(spread + Real(numbers[2]));
        if (numbers[3] != 0) {
            Real* m = ARRAY(a, 4);
            step = m[i] = Real(numbers[3]) * m[i] + step;
        }
        p[i] -= step;
    });
}

// m ← m + (1 - β₁)(g - m);  v ← v + (1 - β₂)(g² - v);  p ← p - α m / (√v + ε)
// α carries the learning rate and both corrections of the run-up; AdamW first takes the share λ
// of p away.                                                      numbers: α, β₁, β₂, ε, λ
template <typename Real, typename Index>
__global__ void adam(Index chunks, Table table) {
    everywhere(table, chunks, [&](int a, Index i, const double* numbers) {
        Real *p = ARRAY(a, 0), *g = ARRAY(a, 1), *m = ARRAY(a, 2), *v = ARRAY(a, 3);
        if (numbers[4] != 0) p[i] -= p[i] * Real(numbers[4]);
        m[i] += (g[i] - m[i]) * Real(1 - numbers[1]);
        v[i] += (g[i] * g[i] - v[i]) * Real(1 - numbers[2]);
        p[i] -= Real(numbers[0]) * m[i] / (sqrt(v[i]) + Real(numbers[3]));
    });
}
