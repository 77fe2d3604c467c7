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
__global__ void maxpool(const Real* x, Real* y, Code* code, Index rows, WINDOW) {
    FOR_EACH_ROW(row, rows) {
        const Index sample = row / OH, top = row % OH * SH - TOP;
        ALONG(i, OW * C) {
            const Index left = i / C * SW - LEFT, c = i % C;
            Real best = log(Real(0));  // minus infinity: what a window on padding alone gives
            Index winner = 0;
            bool none_yet = true;
            for (Index kh = 0; kh < KH; ++kh) {
                const Index h = top + kh * DH;
                if (h < 0 || h >= H) continue;
                for (Index kw = 0; kw < KW; ++kw) {
                    const Index w = left + kw * DW;
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
            y[row * OW * C + i] = best;
            code[row * OW * C + i] = Code(winner);
        }
    }
}

template <typename Real, typename Code, typename Index>
__global__ void maxpool_backward(const Real* dy, const Code* code, Real* dx, Index rows, WINDOW) {
    FOR_EACH_ROW(row, rows) {
        const Index sample = row / H, h = row % H;
        ALONG(i, W * C) {
            const Index w = i / C, c = i % C;
            Real sum = 0;
            for (Index kh = 0; kh < KH; ++kh) {
                Index oh, ow;
                if (!window_at(h + TOP - kh * DH, SH, OH, oh)) continue;
                for (Index kw = 0; kw < KW; ++kw) {
                    if (!window_at(w + LEFT - kw * DW, SW, OW, ow)) continue;
                    const Index place = ((sample * OH + oh) * OW + ow) * C + c;
                    if (Index(code[place]) == kh * KW + kw) sum += dy[place];
                }
            }
            dx[row * W * C + i] = sum;
        }
    }
}
