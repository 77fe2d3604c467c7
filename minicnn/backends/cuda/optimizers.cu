// A step of each optimizer, in one pass over the parameter, its gradient and its slots.
//
// The rules are those of minicnn/optimizers/, number by number. Each array operation there is a
// journey of the whole array through memory; here a thread takes its number through all of them.
// Factors come in double and are rounded once, as Python's floats are when they meet an array.

// m ← μ m - lr g;  p ← p + m  (Nesterov: p + μ m - lr g)
template <typename Real, typename Index>
__global__ void sgd(Real* p, const Real* g, Real* m, Index n, double lr, double momentum,
                    double nesterov) {
    FOR_EACH(i, n) {
        const Real step = Real(lr) * g[i];
        if (momentum == 0) {
            p[i] -= step;
            continue;
        }
        m[i] = Real(momentum) * m[i] - step;
        p[i] += nesterov != 0 ? Real(momentum) * m[i] - step : m[i];
    }
}

// v ← ρ v + (1 - ρ) g²;  p ← p - lr g / √(v + ε)
// centred: mean ← ρ mean + (1 - ρ) g, and v - mean² in v's place; with momentum: m ← μ m + step.
// A slot that the settings don't use may be any array: it is not looked at.
template <typename Real, typename Index>
__global__ void rmsprop(Real* p, const Real* g, Real* v, Real* mean, Real* m, Index n, double lr,
                        double rho, double epsilon, double momentum, double centered) {
    FOR_EACH(i, n) {
        v[i] = Real(rho) * v[i] + Real(1 - rho) * g[i] * g[i];
        Real spread = v[i] + Real(epsilon);
        if (centered != 0) {
            mean[i] = Real(rho) * mean[i] + Real(1 - rho) * g[i];
            spread -= mean[i] * mean[i];
        }
        Real step = Real(lr) * g[i] / sqrt(spread);
        if (momentum != 0) step = m[i] = Real(momentum) * m[i] + step;
        p[i] -= step;
    }
}

// m ← m + (1 - β₁)(g - m);  v ← v + (1 - β₂)(g² - v);  p ← p - α m / (√v + ε)
// α carries the learning rate and both corrections of the run-up.
template <typename Real, typename Index>
__global__ void adam(Real* p, const Real* g, Real* m, Real* v, Index n, double alpha,
                     double beta_1, double beta_2, double epsilon) {
    FOR_EACH(i, n) {
        m[i] += (g[i] - m[i]) * Real(1 - beta_1);
        v[i] += (g[i] * g[i] - v[i]) * Real(1 - beta_2);
        p[i] -= Real(alpha) * m[i] / (sqrt(v[i]) + Real(epsilon));
    }
}
