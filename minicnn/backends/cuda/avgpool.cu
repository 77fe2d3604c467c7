// Average pooling: the mean of each window's real cells; padding does not count.
//
//   y[n, oh, ow, c]  = Σ x / (how many cells of the window lie on the map)
//   dx[n, h, w, c]   = Σ over the windows that (h, w) lies in of dy / (that number)

// How many cells of the window at `place` lie on a map of `size`, along one axis.
template <typename Index>
__device__ Index real_cells(Index place, Index K, Index S, Index D, Index before, Index size) {
    Index count = 0;
    for (Index k = 0; k < K; ++k) {
        const Index at = place * S + k * D - before;
        count += 0 <= at && at < size;
    }
    return count;
}

template <typename Real, typename Index>
__global__ void avgpool(const Real* x, Real* y, Index rows, WINDOW) {
    FOR_EACH_ROW(row, rows) {
        const Index sample = row / OH, oh = row % OH;
        ALONG(i, OW * C) {
            const Index ow = i / C, c = i % C;
            Real sum = 0;
            for (Index kh = 0; kh < KH; ++kh) {
                const Index h = oh * SH + kh * DH - TOP;
                if (h < 0 || h >= H) continue;
                for (Index kw = 0; kw < KW; ++kw) {
                    const Index w = ow * SW + kw * DW - LEFT;
                    if (w < 0 || w >= W) continue;
                    sum += x[((sample * H + h) * W + w) * C + c];
                }
            }
            const Index cells =
                real_cells(oh, KH, SH, DH, TOP, H) * real_cells(ow, KW, SW, DW, LEFT, W);
            y[row * OW * C + i] = sum / Real(cells);
        }
    }
}

template <typename Real, typename Index>
__global__ void avgpool_backward(const Real* dy, Real* dx, Index rows, WINDOW) {
    FOR_EACH_ROW(row, rows) {
        const Index sample = row / H, h = row % H;
        ALONG(i, W * C) {
            const Index w = i / C, c = i % C;
            Real sum = 0;
            for (Index kh = 0; kh < KH; ++kh) {
                Index oh, ow;
                if (!window_at(h + TOP - kh * DH, SH, OH, oh)) continue;
                const Index high = real_cells(oh, KH, SH, DH, TOP, H);
                for (Index kw = 0; kw < KW; ++kw) {
                    if (!window_at(w + LEFT - kw * DW, SW, OW, ow)) continue;
                    const Index wide = real_cells(ow, KW, SW, DW, LEFT, W);
                    sum += dy[((sample * OH + oh) * OW + ow) * C + c] / Real(high * wide);
                }
            }
            dx[row * W * C + i] = sum;
        }
    }
}
