// Pictures as they might have been taken, too: one affine map and new light, on bytes.
//
// What is drawn (a matrix and a few factors for each picture) is drawn on the CPU, under the same
// names as ever, so that equal seeds give equal pictures wherever they are made. A new pixel (x, y)
// comes from (a x + b y + c, d x + e y + f) of its old picture, counted from the top left corner,
// where pixel centres lie at halves; if the new one is of another size, the matrix knows. Between
// centres it is interpolated, in double as Pillow does.
//
// Beyond the border one sees the nearest pixel (fill 0), the mirror image (1), or a colour (2).

template <typename Index>
__device__ Index inside(Index at, Index size, Index fill) {
    if (fill == 1) {  // the picture and its mirror image, for ever
        at %= 2 * size;
        if (at < 0) at += 2 * size;
        return at < size ? at : 2 * size - 1 - at;
    }
    return at < 0 ? 0 : at < size ? at : size - 1;
}

// Picture number order[n] of x (H, W) becomes picture n of y (OH, OW); a block takes a new row.
template <typename Index>
__global__ void warp_pictures(const unsigned char* x, const int* order, const double* matrices,
                              unsigned char* y, Index rows, Index H, Index W, Index C, Index OH,
                              Index OW, Index fill, Index colour) {
    FOR_EACH_ROW(row, rows) {
        const Index n = row / OH;
        const double* m = matrices + n * 6;
        const unsigned char* from = x + (long long)order[n] * H * W * C;
        const double down = row % OH + 0.5;
        ALONG(i, OW * C) {
            const Index c = i % C;
            const double right = i / C + 0.5;
            const double u = m[0] * right + m[1] * down + m[2];
            const double v = m[3] * right + m[4] * down + m[5];
            if (fill == 2 && !(u >= 0 && u < W && v >= 0 && v < H)) {
                y[row * OW * C + i] = (unsigned char)(colour >> 8 * c);
                continue;
            }
            const double left = floor(u - 0.5), top = floor(v - 0.5);
            const double dx = u - 0.5 - left, dy = v - 0.5 - top;
            const Index w0 = inside(Index(left), W, fill), w1 = inside(Index(left) + 1, W, fill);
            const Index h0 = inside(Index(top), H, fill), h1 = inside(Index(top) + 1, H, fill);
            const double a = from[(h0 * W + w0) * C + c], b = from[(h0 * W + w1) * C + c];
            const double d = from[(h1 * W + w0) * C + c], e = from[(h1 * W + w1) * C + c];
            const double above = a + (b - a) * dx, below = d + (e - d) * dx;
            y[row * OW * C + i] = (unsigned char)(above + (below - above) * dy);
        }
    }
}

// New light, in place: every value times a factor, or its distance from the picture's mean grey.
// A block of ROW_THREADS takes a picture of RGB pixels; factor number k of `of` for each picture.
template <typename Index>
__global__ void relight(unsigned char* x, const double* factors, Index pictures, Index pixels,
                        Index k, Index of, Index contrast) {
    FOR_EACH_ROW(n, pictures) {
        unsigned char* picture = x + (long long)n * pixels * 3;
        const double factor = factors[n * of + k];
        double grey = 0;
        if (contrast) {
            const double looks[3] = {0.299, 0.587, 0.114};  // how bright red, green, blue are
            for (int c = 0; c < 3; ++c) {
                double mine = 0;
                ALONG(i, pixels) mine += picture[i * 3 + c];
                grey += over_block<double, false>(mine) / pixels * looks[c];
            }
        }
        ALONG(i, pixels * 3) {
            const double lit = rint(grey + (picture[i] - grey) * factor);
            picture[i] = (unsigned char)(lit < 0 ? 0 : lit > 255 ? 255 : lit);
        }
    }
}
