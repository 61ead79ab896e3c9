/* The layers of a network one after the other, each by all threads: every thread has a stretch of
   the time of a layer's output, and waits for the others at its end.

   Depthwise layers are computed a few rows at a time from rows that were expanded just before, and
   are projected at once, so that the image inside a block, which is several times as large as those
   around it, is never in memory. Only a squeeze has to wait for all of it.

   No guard: it is included once for each set of instructions. */

/* Channels of rows, (rows, bands, channels), to `out`, which lies in memory without gaps. */
TARGET static void NAME(project)(const Layer *layer, const Arena *arena, const float *image,
                                 const float *weights, const float *added, int pixels,
                                 float *out) {
    for (int i = 0; i < pixels; i++) arena->places[i] = out + (int64_t)i * layer->out;
    int depth = layer->kind == POINTWISE ? layer->in : layer->inside;
    int activation = layer->kind == POINTWISE ? layer->activation : NONE;
    NAME(pointwise)(image, pixels, depth, weights, layer->project_bias, layer->out, activation,
                    arena->places, layer->adds ? added : NULL);
}

/* Put rows into the ring, expanded. */
TARGET static void NAME(fill)(const Layer *layer, const Arena *arena, const float *input, Size size,
                              int held, int first, int last) {
    int margin = layer->kernel / 2, channels = layer->kind == STEM ? 1 : layer->inside;
    int64_t row_floats = floats_of_row(layer, size), before = (int64_t)margin * channels;
    if (!layer->expand) {
        int64_t row = (int64_t)size.bands * channels;
        for (int i = first; i < last; i++)
            memcpy(arena->ring + i % held * row_floats + before, input + i * row,
                   row * sizeof(float));
        return;
    }
    int pixels = 0;
    for (int i = first; i < last; i++)
        for (int band = 0; band < size.bands; band++)
            arena->places[pixels++] =
                arena->ring + i % held * row_floats + before + (int64_t)band * channels;
    NAME(pointwise)(input + (int64_t)first * size.bands * layer->in, pixels, layer->in,
                    layer->expand, layer->expand_bias, channels, layer->activation, arena->places,
                    NULL);
}

/* A dense layer of a squeeze from values to `out`: a thread's share of its channels. */
TARGET static void NAME(dense)(const Pass *pass, int thread, const float *values, int depth,
                               const float *weights, const float *bias, int channels,
                               int activation, float *out) {
    int64_t panels = in_panels(channels) / PANEL;
    int first = (int)(panels * thread / pass->threads) * PANEL;
    int last = at_most(channels, (int)(panels * (thread + 1) / pass->threads) * PANEL);
    float *place = out + first;
    if (first < last)
        NAME(pointwise)(values, 1, depth, weights + (int64_t)first * depth, bias + first,
                        last - first, activation, &place, NULL);
}

/* Gates of squeeze and excitation with means over all of the image, once it is there. */
TARGET static void NAME(gates)(const Pass *pass, int thread, const Layer *layer,
                               const Arena *arena, Size behind) {
    int64_t laid = in_panels(layer->inside);
    float scale = 1.0f / ((float)behind.time * (float)behind.bands);
    for (int c = 0; c < layer->inside; c++) {
        float total = 0.0f;
        for (int i = 0; i < pass->threads; i++) total += arena->totals[i * laid + c];
        arena->means[c] = total * scale;
    }
    float *reduced = arena->reduced, *gates = arena->reduced + in_panels(layer->squeezed);
    NAME(dense)(pass, thread, arena->means, layer->inside, layer->reduce, layer->reduce_bias,
                layer->squeezed, RELU, reduced);
    wait_for_all(arena->barrier, pass->threads);
    NAME(dense)(pass, thread, reduced, layer->squeezed, layer->gate, layer->gate_bias,
                layer->inside, NONE, gates);
    wait_for_all(arena->barrier, pass->threads);
    memcpy(arena->gates, gates, layer->inside * sizeof(float));
    NAME(sigmoid)(arena->gates, layer->inside);
}

/* The weights of the last layer of a block with the gates in them. */
TARGET static const float *NAME(gated_weights)(const Layer *layer, const Arena *arena) {
    int64_t row = 0;
    for (int64_t panel = 0; panel < in_panels(layer->out) / PANEL; panel++)
        for (int c = 0; c < layer->inside; c++, row += PANEL)
            for (int k = 0; k < PANEL; k++)
                arena->scaled[row + k] = layer->project[row + k] * arena->gates[c];
    return arena->scaled;
}

/* Pixels of the image that waited for its gates, times them. */
TARGET static void NAME(gate_pixels)(const Layer *layer, const Arena *arena, const float *gates,
                                     int64_t first, int pixels) {
    float *pixel = arena->inside + first * layer->inside;
    for (int i = 0; i < pixels; i++, pixel += layer->inside)
        for (int c = 0; c < layer->inside; c++) pixel[c] *= gates[c];
}

/* The first layer of a squeeze with means over a stretch of time, for the steps of a thread. */
TARGET static void NAME(reduce)(const Layer *layer, const Arena *arena, int bands, int first,
                                int last) {
    int64_t laid = in_panels(layer->inside);
    float scale = 1.0f / (float)bands;
    for (int step = first; step < last; step++) {
        float *means = arena->totals + step * laid;
        for (int c = 0; c < layer->inside; c++) means[c] *= scale;
        float *place = arena->reduced + step * in_panels(layer->squeezed);
        NAME(pointwise)(means, 1, layer->inside, layer->reduce, layer->reduce_bias, layer->squeezed,
                        NONE, &place, NULL);
    }
}

/* The rest of it: rows of the image become gated. */
TARGET static void NAME(gate_rows)(const Layer *layer, const Arena *arena, Size behind, int first,
                                   int last) {
    int64_t laid = in_panels(layer->squeezed);
    float *averages = arena->means;
    for (int step = first; step < last; step++) {
        int from = at_least(0, step - layer->context);
        int to = at_most(behind.time, step + layer->context + 1);
        float *average = averages + (int64_t)(step - first) * layer->squeezed;
        memset(average, 0, layer->squeezed * sizeof(float));
        for (int other = from; other < to; other++)
            for (int c = 0; c < layer->squeezed; c++)
                average[c] += arena->reduced[other * laid + c];
        float scale = 1.0f / (float)(to - from);
        for (int c = 0; c < layer->squeezed; c++)
            average[c] = average[c] > 0 ? average[c] * scale : 0.0f;
        arena->places[step - first] = arena->gates + (int64_t)(step - first) * layer->inside;
    }
    NAME(pointwise)(averages, last - first, layer->squeezed, layer->gate, layer->gate_bias,
                    layer->inside, NONE, arena->places, NULL);
    NAME(sigmoid)(arena->gates, (last - first) * layer->inside);
    for (int step = first; step < last; step++)
        NAME(gate_pixels)(layer, arena, arena->gates + (int64_t)(step - first) * layer->inside,
                          (int64_t)step * behind.bands, behind.bands);
}

/* The rows `first` to `last` of a depthwise layer or stem: into the output of a stem, projected
   into that of a block, or where a squeeze waits for them. */
TARGET static void NAME(convolve)(const Layer *layer, const Arena *arena, const float *input,
                                  Size size, Size behind, int thread, int first, int last,
                                  float *output) {
    int margin = layer->kernel / 2, before = margin * layer->dilation;
    int channels = layer->kind == STEM ? 1 : layer->inside, step = rows_at_once(behind.bands);
    int held = rows_of_ring(layer, behind), filled = at_least(0, first * layer->stride_time - before);
    int64_t row_floats = floats_of_row(layer, size), row = (int64_t)behind.bands * layer->inside;
    for (int i = 0; i < held; i++) {
        float *left = arena->ring + i * row_floats;
        memset(left, 0, margin * channels * sizeof(float));
        memset(left + row_floats - margin * channels, 0, margin * channels * sizeof(float));
    }
    float *totals = arena->totals + thread * in_panels(layer->inside);
    if (layer->squeezed && layer->context == WHOLE) memset(totals, 0, layer->inside * sizeof(float));
    for (int start = first; start < last; start += step) {
        int end = at_most(start + step, last);
        int needed = at_most(size.time, (end - 1) * layer->stride_time + before + 1);
        if (needed > filled) NAME(fill)(layer, arena, input, size, held, filled, needed);
        filled = at_least(filled, needed);
        for (int i = start; i < end; i++) {
            const float *rows[5];
            for (int tap = 0; tap < layer->kernel; tap++) {
                int source = i * layer->stride_time - before + tap * layer->dilation;
                int outside = source < 0 || source >= size.time;
                rows[tap] = outside ? arena->zeros : arena->ring + source % held * row_floats;
            }
            int stem = layer->kind == STEM;
            float *out = stem              ? output + i * row
                         : layer->squeezed ? arena->inside + i * row
                                           : arena->chunk + (i - start) * row;
            float *sums = !layer->squeezed          ? NULL
                          : layer->context == WHOLE ? arena->means
                                                    : arena->totals + i * in_panels(layer->inside);
            NAME(row)(layer->kernel, stem, rows, layer->taps, layer->taps_bias, out, behind.bands,
                      layer->inside, 0, layer->stride_bands, layer->activation, sums);
            if (layer->squeezed && layer->context == WHOLE)
                for (int c = 0; c < layer->inside; c++) totals[c] += sums[c];
        }
        if (layer->kind == BLOCK && !layer->squeezed) {
            int64_t place = (int64_t)start * behind.bands;
            NAME(project)(layer, arena, arena->chunk, layer->project, input + place * layer->in,
                          (end - start) * behind.bands, output + place * layer->out);
        }
    }
}

TARGET static void NAME(run)(const Pass *pass, int thread) {
    Arena arena;
    lay_out(pass, thread, &arena);
    Size size = {pass->time, pass->bands};
    const float *input = pass->input;
    for (int i = 0; i < pass->n_layers; i++) {
        const Layer *layer = pass->layers + i;
        Size behind = size_behind(layer, size);
        float *output = i == pass->n_layers - 1 ? pass->output : arena.images[i % 2];
        int first = (int)((int64_t)behind.time * thread / pass->threads);
        int last = (int)((int64_t)behind.time * (thread + 1) / pass->threads);
        if (layer->kind != POINTWISE)
            NAME(convolve)(layer, &arena, input, size, behind, thread, first, last, output);
        if (layer->kind == POINTWISE || layer->squeezed) {
            const float *weights = layer->project, *image = input;
            int whole = layer->squeezed && layer->context == WHOLE;
            int local = layer->squeezed && layer->context != WHOLE;
            /* Either the weights or the pixels take the gates, whichever are fewer. */
            int gated = whole && (last - first) * behind.bands < layer->out;
            if (local) NAME(reduce)(layer, &arena, behind.bands, first, last);
            if (layer->squeezed) {
                wait_for_all(arena.barrier, pass->threads);
                image = arena.inside;
                if (whole) NAME(gates)(pass, thread, layer, &arena, behind);
                if (whole && !gated) weights = NAME(gated_weights)(layer, &arena);
            }
            int step = rows_at_once(behind.bands);
            int depth = layer->kind == POINTWISE ? layer->in : layer->inside;
            for (int start = first; start < last; start += step) {
                int end = at_most(start + step, last), pixels = (end - start) * behind.bands;
                int64_t place = (int64_t)start * behind.bands;
                if (local) NAME(gate_rows)(layer, &arena, behind, start, end);
                if (gated) NAME(gate_pixels)(layer, &arena, arena.gates, place, pixels);
                NAME(project)(layer, &arena, image + place * depth, weights,
                              input + place * layer->in, pixels, output + place * layer->out);
            }
        }
        wait_for_all(arena.barrier, pass->threads);
        input = output;
        size = behind;
    }
}
