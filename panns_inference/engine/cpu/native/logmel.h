/* Log-mel images: the frames of a group are transformed at once, two of them in each lane: one is
   the real part of what is transformed, the next one the imaginary part. They are neighbours, so
   that no loud frame is beside a silent one that is far away.

   No guard: it is included once for each set of instructions. */

/* One pass of Stockham's transform in radix 4 (no bit reversal): `stride` transforms of `size`. */
TARGET static void NAME(transform_pass)(const float *real, const float *imaginary, float *out_real,
                                        float *out_imaginary, int size, int stride,
                                        const float *twiddles) {
    int quarter = size / 4;
    int64_t far = (int64_t)stride * quarter * LANES, near = (int64_t)stride * LANES;
    for (int p = 0; p < quarter; p++) {
        const float *turns = twiddles + (int64_t)p * stride * 6;
        VECTOR turn[6];
        for (int i = 0; i < 6; i++) turn[i] = ALL(turns[i]);
        for (int q = 0; q < stride; q++) {
            int64_t from = ((int64_t)stride * p + q) * LANES;
            int64_t to = ((int64_t)stride * p * 4 + q) * LANES;
            VECTOR ar = LOAD(real + from), ai = LOAD(imaginary + from);
            VECTOR br = LOAD(real + from + far), bi = LOAD(imaginary + from + far);
            VECTOR cr = LOAD(real + from + 2 * far), ci = LOAD(imaginary + from + 2 * far);
            VECTOR dr = LOAD(real + from + 3 * far), di = LOAD(imaginary + from + 3 * far);
            VECTOR sum_r = ADD(ar, cr), sum_i = ADD(ai, ci);
            VECTOR less_r = SUB(ar, cr), less_i = SUB(ai, ci);
            VECTOR odd_r = ADD(br, dr), odd_i = ADD(bi, di);
            VECTOR turned_r = SUB(di, bi), turned_i = SUB(br, dr); /* i (b - d) */
            STORE(out_real + to, ADD(sum_r, odd_r));
            STORE(out_imaginary + to, ADD(sum_i, odd_i));
            VECTOR real_parts[3] = {SUB(less_r, turned_r), SUB(sum_r, odd_r), ADD(less_r, turned_r)};
            VECTOR imaginary_parts[3] = {SUB(less_i, turned_i), SUB(sum_i, odd_i),
                                         ADD(less_i, turned_i)};
            for (int i = 0; i < 3; i++) {
                VECTOR r = real_parts[i], j = imaginary_parts[i];
                STORE(out_real + to + (i + 1) * near,
                      SUB(MUL(r, turn[2 * i]), MUL(j, turn[2 * i + 1])));
                STORE(out_imaginary + to + (i + 1) * near,
                      FMA(r, turn[2 * i + 1], MUL(j, turn[2 * i])));
            }
        }
    }
}

/* Every other frame in its lane, windowed, (size, LANES); some samples at a time, for they go far apart. */
TARGET static void NAME(gather)(const Logmel *logmel, const float *padded, int first, int frames,
                                float *out) {
    enum { AT_ONCE = 16 }; /* a power of 4 that is a transform has at least so many samples */
    for (int start = 0; start < logmel->size; start += AT_ONCE)
        for (int lane = 0; lane < LANES; lane++) {
            const float *frame = padded + (int64_t)(first + 2 * lane) * logmel->hop + start;
            float *place = out + start * LANES + lane;
            if (first + 2 * lane < frames)
                for (int i = 0; i < AT_ONCE; i++)
                    place[i * LANES] = frame[i] * logmel->window[start + i];
            else
                for (int i = 0; i < AT_ONCE; i++) place[i * LANES] = 0.0f;
        }
}

/* The natural logarithm of values above zero, within 2e-7 of them or their logarithms. */
TARGET static void NAME(logarithm)(float *values, int count) {
    for (int i = 0; i < count; i++) {
        union { float value; int32_t bits; } x = {values[i]};
        int32_t exponent = (x.bits - 0x3f3504f3) >> 23; /* the mantissa is in sqrt(1/2) to sqrt(2) */
        x.bits -= exponent * (1 << 23);
        float f = x.value - 1.0f, e = (float)exponent;
        float p = 7.0376836292e-2f;
        p = p * f - 1.1514610310e-1f;
        p = p * f + 1.1676998740e-1f;
        p = p * f - 1.2420140846e-1f;
        p = p * f + 1.4249322787e-1f;
        p = p * f - 1.6668057665e-1f;
        p = p * f + 2.0000714765e-1f;
        p = p * f - 2.4999993993e-1f;
        p = p * f + 3.3333331174e-1f;
        float square = f * f;
        values[i] = e * 0.693359375f + (f + (p * f * square - 0.5f * square - e * 2.12194440e-4f));
    }
}

TARGET static void NAME(logmel)(const Logmel *logmel, int thread) {
    LogmelArena arena;
    lay_out_logmel(logmel, thread, LANES, &arena);
    int size = logmel->size, frames = frames_of(logmel), group = 2 * LANES;
    for (int first = thread * group; first < frames; first += logmel->threads * group) {
        float *real = arena.parts[0], *imaginary = arena.parts[1];
        float *other_real = arena.parts[2], *other_imaginary = arena.parts[3];
        NAME(gather)(logmel, arena.padded, first, frames, real);
        NAME(gather)(logmel, arena.padded, first + 1, frames, imaginary);
        for (int left = size, stride = 1; left > 1; left /= 4, stride *= 4) {
            NAME(transform_pass)(real, imaginary, other_real, other_imaginary, left, stride,
                                 logmel->twiddles);
            float *swap[2] = {real, imaginary};
            real = other_real, imaginary = other_imaginary;
            other_real = swap[0], other_imaginary = swap[1];
        }
        float *powers[2] = {other_real, other_imaginary};
        for (int bin = 0; bin <= size / 2; bin++) {
            int64_t here = (int64_t)bin * LANES, mirrored = (int64_t)((size - bin) % size) * LANES;
            VECTOR r = LOAD(real + here), i = LOAD(imaginary + here);
            VECTOR s = LOAD(real + mirrored), j = LOAD(imaginary + mirrored);
            VECTOR even = ADD(r, s), odd = SUB(i, j), other_even = ADD(i, j), other_odd = SUB(s, r);
            STORE(powers[0] + here, MUL(FMA(even, even, MUL(odd, odd)), ALL(0.25f)));
            STORE(powers[1] + here,
                  MUL(FMA(other_even, other_even, MUL(other_odd, other_odd)), ALL(0.25f)));
        }
        for (int half = 0; half < 2; half++) {
            const float *weights = logmel->weights;
            float *levels = half ? imaginary : real; /* whose spectrum is not needed any more */
            for (int mel = 0; mel < logmel->mels; mel++) {
                VECTOR sum = ALL(logmel->floor);
                const float *power = powers[half] + (int64_t)logmel->firsts[mel] * LANES;
                for (int i = 0; i < logmel->counts[mel]; i++, power += LANES)
                    sum = FMA(LOAD(power), ALL(*weights++), sum);
                STORE(levels + mel * LANES, sum);
            }
            NAME(logarithm)(levels, logmel->mels * LANES);
            for (int lane = 0; lane < LANES; lane++) {
                int frame = first + 2 * lane + half;
                if (frame >= frames) break;
                float *row = logmel->image + (int64_t)frame * logmel->mels;
                for (int mel = 0; mel < logmel->mels; mel++)
                    row[mel] = (levels[mel * LANES + lane] - logmel->centre) / logmel->scale;
            }
        }
    }
}
