// Upsampling by copying: every cell becomes a block of FH × FW equals.
//
//   y[n, h, w, c]  = x[n, h / FH, w / FW, c]
//   dx[n, h, w, c] = Σ of dy over the block that x[n, h, w, c] became
//
// H and W are the size of the small map.

template <typename Real, typename Index>
__global__ void upsample(const Real* x, Real* y, Index n, Index H, Index W, Index C, Index FH,
                         Index FW) {
    FOR_EACH(i, n) {
        Index rest = i;
        const Index c = rest % C;  rest /= C;
        const Index w = rest % (W * FW);  rest /= W * FW;
        const Index h = rest % (H * FH);
        const Index sample = rest / (H * FH);
        y[i] = x[((sample * H + h / FH) * W + w / FW) * C + c];
    }
}

template <typename Real, typename Index>
__global__ void upsample_backward(const Real* dy, Real* dx, Index n, Index H, Index W, Index C,
                                  Index FH, Index FW) {
    FOR_EACH(i, n) {
        Index rest = i;
        const Index c = rest % C;  rest /= C;
        const Index w = rest % W;  rest /= W;
        const Index h = rest % H;
        const Index sample = rest / H;
        Real sum = 0;
        for (Index fh = 0; fh < FH; ++fh)
            for (Index fw = 0; fw < FW; ++fw) {
                const Index row = sample * H * FH + h * FH + fh;
                sum += dy[(row * W * FW + w * FW + fw) * C + c];
            }
        dx[i] = sum;
    }
}
