// Max pooling: of each window the largest cell, and its number (its "code").
//
//   y[n, oh, ow, c] = max over kh, kw of x[n, oh·SH + kh·DH - TOP, ow·SW + kw·DW - LEFT, c]
//   code            = kh · KW + kw of the first largest in reading order
//
// Padding never wins, not even over minus infinity; NaN wins over every number, so that it is
// not lost. Backwards, each cell of the map looks up the windows that it lies in and takes the
// gradients of those that it won. Each thread writes one number, so the order of the sums is
// the same in every run.

template <typename Real, typename Code, typename Index>
__global__ void maxpool(const Real* x, Real* y, Code* code, Index n, WINDOW) {
    FOR_EACH(i, n) {
        Index rest = i;
        const Index c = rest % C;  rest /= C;
        const Index ow = rest % OW;  rest /= OW;
        const Index oh = rest % OH;
        const Index sample = rest / OH;
        Real best = log(Real(0));  // minus infinity: what a window on padding alone gives
        Index winner = 0;
        bool none_yet = true;
        for (Index kh = 0; kh < KH; ++kh) {
            const Index h = oh * SH + kh * DH - TOP;
            if (h < 0 || h >= H) continue;
            for (Index kw = 0; kw < KW; ++kw) {
                const Index w = ow * SW + kw * DW - LEFT;
                if (w < 0 || w >= W) continue;
                const Real cell = x[((sample * H + h) * W + w) * C + c];
                const bool larger = cell > best || (isnan(cell) && !isnan(best));
                if (none_yet || larger) {
                    best = cell;
                    winner = kh * KW + kw;
                    none_yet = false;
                }
            }
        }
        y[i] = best;
        code[i] = Code(winner);
    }
}

template <typename Real, typename Code, typename Index>
__global__ void maxpool_backward(const Real* dy, const Code* code, Real* dx, Index n, WINDOW) {
    FOR_EACH(i, n) {
        Index rest = i;
        const Index c = rest % C;  rest /= C;
        const Index w = rest % W;  rest /= W;
        const Index h = rest % H;
        const Index sample = rest / H;
        Real sum = 0;
        for (Index kh = 0; kh < KH; ++kh) {
            const Index down = h + TOP - kh * DH;
            if (down < 0 || down % SH || down / SH >= OH) continue;
            for (Index kw = 0; kw < KW; ++kw) {
                const Index across = w + LEFT - kw * DW;
                if (across < 0 || across % SW || across / SW >= OW) continue;
                const Index place = ((sample * OH + down / SH) * OW + across / SW) * C + c;
                if (Index(code[place]) == kh * KW + kw) sum += dy[place];
            }
        }
        dx[i] = sum;
    }
}
