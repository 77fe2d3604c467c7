// im2col and col2im: a convolution as one matrix product.
//
//   cols[n, oh, ow, kh, kw, c] = x[n, oh·SH + kh·DH - TOP, ow·SW + kw·DW - LEFT, c]
//
// and 0 where that lies on the padding. Each thread makes numbers of the result: im2col asks
// "which cell do I show?", col2im, its adjoint, asks "in which windows was I shown?". So no two
// threads ever write to one place, no atomic addition is needed, and the sum is taken in the
// same order in every run.

// A block takes the windows of one row of places, (n, oh). Its threads stand in a sheet: along x
// the K = KH·KW·C cells of a window, which lie side by side in cols, along y the places.
template <typename Real, typename Index>
__global__ void im2col(const Real* x, Real* cols, Index rows, WINDOW) {
    const Index K = KH * KW * C;
    FOR_EACH_ROW(row, rows) {
        const Index sample = row / OH, top = row % OH * SH - TOP;
        ALONG(k, K) {
            const Index c = k % C, kw = k / C % KW, kh = k / C / KW;
            const Index h = top + kh * DH;
            const Real* from = x + (sample * H + h) * W * C + c;
            Real* to = cols + row * OW * K + k;
            for (Index ow = threadIdx.y; ow < OW; ow += blockDim.y) {
                const Index w = ow * SW + kw * DW - LEFT;
                const bool on_map = 0 <= h && h < H && 0 <= w && w < W;
                to[ow * K] = on_map ? from[w * C] : Real(0);
            }
        }
    }
}

template <typename Real, typename Index>
__global__ void col2im(const Real* cols, Real* x, Index rows, WINDOW) {
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
                    const Index place = (sample * OH + oh) * OW + ow;
                    sum += cols[((place * KH + kh) * KW + kw) * C + c];
                }
            }
            x[row * W * C + i] = sum;
        }
    }
}
