// im2col and col2im: a convolution as one matrix product.
//
//   cols[n, oh, ow, kh, kw, c] = x[n, oh·SH + kh·DH - TOP, ow·SW + kw·DW - LEFT, c]
//
// and 0 where that lies on the padding. Each thread makes one number of the result: im2col asks
// "which cell do I show?", col2im, its adjoint, asks "in which windows was I shown?". So no two
// threads ever write to one place, no atomic addition is needed, and the sum is taken in the
// same order in every run.

template <typename Real, typename Index>
__global__ void im2col(const Real* x, Real* cols, Index n, WINDOW) {
    FOR_EACH(i, n) {
        Index rest = i;
        const Index c = rest % C;  rest /= C;
        const Index kw = rest % KW;  rest /= KW;
        const Index kh = rest % KH;  rest /= KH;
        const Index ow = rest % OW;  rest /= OW;
        const Index oh = rest % OH;
        const Index sample = rest / OH;
        const Index h = oh * SH + kh * DH - TOP;
        const Index w = ow * SW + kw * DW - LEFT;
        const bool on_map = 0 <= h && h < H && 0 <= w && w < W;
        cols[i] = on_map ? x[((sample * H + h) * W + w) * C + c] : Real(0);
    }
}

template <typename Real, typename Index>
__global__ void col2im(const Real* cols, Real* x, Index n, WINDOW) {
    FOR_EACH(i, n) {
        Index rest = i;
        const Index c = rest % C;  rest /= C;
        const Index w = rest % W;  rest /= W;
        const Index h = rest % H;
        const Index sample = rest / H;
        Real sum = 0;
        for (Index kh = 0; kh < KH; ++kh) {
            const Index down = h + TOP - kh * DH;  // = oh · SH, if cell kh of window oh is here
            if (down < 0 || down % SH || down / SH >= OH) continue;
            for (Index kw = 0; kw < KW; ++kw) {
                const Index across = w + LEFT - kw * DW;
                if (across < 0 || across % SW || across / SW >= OW) continue;
                const Index place = (sample * OH + down / SH) * OW + across / SW;
                sum += cols[((place * KH + kh) * KW + kw) * C + c];
            }
        }
        x[i] = sum;
    }
}
