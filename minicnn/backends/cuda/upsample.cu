// Upsampling by copying: every cell becomes a block of FH × FW equals.
//
//   y[n, h, w, c]  = x[n, h / FH, w / FW, c]
//   dx[n, h, w, c] = Σ of dy over the block that x[n, h, w, c] became
//
// W is the width of the small map; the rows of all samples' maps stand one below another, so
// that row r of the large ones shows row r / FH of the small ones.

template <typename Real, typename Index>
__global__ void upsample(const Real* x, Real* y, Index rows, Index W, Index C, Index FH,
                         Index FW) {
    FOR_EACH_ROW(row, rows) {
        const Index from = row / FH;
        ALONG(i, W * FW * C) y[row * W * FW * C + i] = x[(from * W + i / C / FW) * C + i % C];
    }
}

template <typename Real, typename Index>
__global__ void upsample_backward(const Real* dy, Real* dx, Index rows, Index W, Index C,
                                  Index FH, Index FW) {
    FOR_EACH_ROW(row, rows) {
        ALONG(i, W * C) {
            const Index w = i / C, c = i % C;
            Real sum = 0;
            for (Index fh = 0; fh < FH; ++fh)
                for (Index fw = 0; fw < FW; ++fw)
                    sum += dy[((row * FH + fh) * W * FW + w * FW + fw) * C + c];
            dx[row * W * C + i] = sum;
        }
    }
}
