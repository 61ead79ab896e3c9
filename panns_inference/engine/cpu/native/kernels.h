/* The kernels, for the vectors of the header in front: pointwise, depthwise, stem, sigmoid.

   Numbers of channels are multiples of 8. Where vectors are longer, REST names the instructions
   that compute the last 8 channels.

   No guard: it is included once for each set of instructions. */

#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE VECTOR NAME(activated)(VECTOR x, int activation) {
    if (activation == RELU) return MAX(x, ALL(0.0f));
    if (activation == HARD_SWISH) {
        VECTOR gate = MIN(MAX(FMA(x, ALL(1.0f / 6), ALL(0.5f)), ALL(0.0f)), ALL(1.0f));
        return MUL(x, gate);
    }
    return x;
}

/* Some vectors of outputs for some pixels: a product of (pixels, depth) and (depth, vectors). */
INLINE void NAME(tile)(const int pixels, const int vectors, const float *image, int depth,
                       const float *weights, const float *bias, int activation,
                       float *const *places, const float *added, int channels, int channel) {
    VECTOR sums[TILE][PANEL / LANES];
#pragma GCC unroll 16
    for (int i = 0; i < pixels; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) sums[i][v] = LOAD(bias + v * LANES);
    for (int k = 0; k < depth; k++) {
        VECTOR row[PANEL / LANES];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) row[v] = LOAD(weights + (int64_t)k * PANEL + v * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < pixels; i++) {
            VECTOR value = ALL(image[(int64_t)i * depth + k]);
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) sums[i][v] = FMA(value, row[v], sums[i][v]);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < pixels; i++)
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            VECTOR sum = sums[i][v];
            if (added) sum = ADD(sum, LOAD(added + (int64_t)i * channels + channel + v * LANES));
            STORE(places[i] + channel + v * LANES, NAME(activated)(sum, activation));
        }
}

INLINE void NAME(tiles)(const int vectors, const int most, const float *image, int pixels,
                        int depth, const float *weights, const float *bias, int activation,
                        float *const *places, const float *added, int channels, int channel) {
    int i = 0;
#define TILES(n)                                                                                   \
    for (; pixels - i >= n; i += n)                                                                \
        NAME(tile)(n, vectors, image + (int64_t)i * depth, depth, weights, bias, activation,       \
                   places + i, added ? added + (int64_t)i * channels : 0, channels, channel);
    if (most >= TILE) {
        TILES(TILE)
    }
    if (most >= 8) {
        TILES(8)
    }
    if (most >= 6) {
        TILES(6)
    }
    TILES(4)
    TILES(2)
    TILES(1)
#undef TILES
}

/* The channels from `channel` on, a panel or half of it, for all pixels. */
TARGET static void NAME(panel)(const float *image, int pixels, int depth, const float *weights,
                               const float *bias, int activation, float *const *places,
                               const float *added, int channels, int channel) {
    if (channels - channel >= PANEL) {
        NAME(tiles)(PANEL / LANES, MOST, image, pixels, depth, weights, bias, activation, places,
                    added, channels, channel);
        return;
    }
#ifdef REST
    REST(panel)(image, pixels, depth, weights, bias, activation, places, added, channels, channel);
#else
    NAME(tiles)(PANEL / LANES / 2, TILE, image, pixels, depth, weights, bias, activation, places,
                added, channels, channel);
#endif
}

/* One pixel, for four panels: their sums do not wait for each other. */
TARGET static void NAME(four_panels)(const float *image, int depth, const float *weights,
                                     const float *bias, int activation, float *place) {
    VECTOR sums[4 * PANEL / LANES];
#pragma GCC unroll 16
    for (int v = 0; v < 4 * PANEL / LANES; v++) sums[v] = LOAD(bias + v * LANES);
    for (int k = 0; k < depth; k++) {
        VECTOR value = ALL(image[k]);
#pragma GCC unroll 16
        for (int v = 0; v < 4 * PANEL / LANES; v++) {
            int panel = v * LANES / PANEL, lane = v * LANES % PANEL;
            const float *row = weights + ((int64_t)panel * depth + k) * PANEL + lane;
            sums[v] = FMA(value, LOAD(row), sums[v]);
        }
    }
#pragma GCC unroll 16
    for (int v = 0; v < 4 * PANEL / LANES; v++)
        STORE(place + v * LANES, NAME(activated)(sums[v], activation));
}

/* (pixels, depth) to `channels` channels at `places[pixel]`; `added`, (pixels, channels), is added
   in front of the activation. */
TARGET static void NAME(pointwise)(const float *image, int pixels, int depth, const float *weights,
                                   const float *bias, int channels, int activation,
                                   float *const *places, const float *added) {
    int channel = 0;
    if (pixels == 1 && !added)
        for (; channels - channel >= 4 * PANEL; channel += 4 * PANEL)
            NAME(four_panels)(image, depth, weights + (int64_t)channel * depth, bias + channel,
                              activation, places[0] + channel);
    for (; channel < channels; channel += PANEL)
        NAME(panel)(image, pixels, depth, weights + (int64_t)channel * depth, bias + channel,
                    activation, places, added, channels, channel);
}

/* One row of a depthwise layer, or of a convolution from one channel, from the rows of its taps,
   which have margins; `totals`, if given, are the sums over the bands. */
INLINE void NAME(row_of)(const int kernel, const int from_one, const float *const *rows,
                         const float *taps, const float *bias, float *out, int bands, int channels,
                         int channel, int stride, int activation, float *totals) {
    int64_t laid = in_panels(channels), step = from_one ? 1 : channels;
    VECTOR weights[25], total = ALL(0.0f), first = LOAD(bias + channel);
#pragma GCC unroll 25
    for (int tap = 0; tap < kernel * kernel; tap++)
        weights[tap] = LOAD(taps + tap * laid + channel);
    for (int band = 0; band < bands; band++) {
        VECTOR sum = first;
        int64_t place = band * stride * step + (from_one ? 0 : channel);
#pragma GCC unroll 5
        for (int row = 0; row < kernel; row++)
#pragma GCC unroll 5
            for (int column = 0; column < kernel; column++) {
                const float *value = rows[row] + place + column * step;
                sum = FMA(from_one ? ALL(*value) : LOAD(value), weights[row * kernel + column], sum);
            }
        sum = NAME(activated)(sum, activation);
        total = ADD(total, sum);
        STORE(out + (int64_t)band * channels + channel, sum);
    }
    if (totals) STORE(totals + channel, total);
}

/* The channels of a row from `channel` on. */
TARGET static void NAME(row)(int kernel, int from_one, const float *const *rows, const float *taps,
                             const float *bias, float *out, int bands, int channels, int channel,
                             int stride, int activation, float *totals) {
#define ROW(kernel, from_one)                                                                      \
    NAME(row_of)(kernel, from_one, rows, taps, bias, out, bands, channels, channel, stride,        \
                 activation, totals)
    for (; channels - channel >= LANES; channel += LANES) {
        if (from_one && kernel == 3) ROW(3, 1);
        else if (from_one) ROW(5, 1);
        else if (kernel == 3) ROW(3, 0);
        else ROW(5, 0);
    }
#undef ROW
#ifdef REST
    if (channel < channels)
        REST(row)(kernel, from_one, rows, taps, bias, out, bands, channels, channel, stride,
                  activation, totals);
#endif
}

/* exp(x) / (1 + exp(x)) of each value, within 2e-7: 2^n times a polynomial. */
TARGET static void NAME(sigmoid)(float *values, int count) {
    for (int i = 0; i < count; i++) {
        float x = values[i] < -80 ? 80 : values[i] > 80 ? -80 : -values[i];
        float n = (float)(int32_t)(x * 1.44269504f + (x < 0 ? -0.5f : 0.5f));
        float r = (x - n * 0.693145752f) - n * 1.42860677e-6f;
        float p = 1.98756915e-4f;
        p = p * r + 1.39819995e-3f;
        p = p * r + 8.33345191e-3f;
        p = p * r + 4.16657962e-2f;
        p = p * r + 1.66666655e-1f;
        p = p * r + 0.5f;
        p = p * r * r + r + 1.0f;
        union { int32_t bits; float value; } power = {((int32_t)n + 127) << 23};
        values[i] = 1.0f / (1.0f + p * power.value);
    }
}
