/* Memory of a pass, all of it given by the caller: what is shared, and what each thread has. */

#ifndef PANNS_ARENA_H
#define PANNS_ARENA_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "layers.h"

enum { SLACK = 16 };          /* a vector is read from where only half of it is wanted */
enum { FEW_PIXELS = 48 };     /* rows are computed at once until they have so many */
enum { LINE = 16 };           /* floats of a cache line */

typedef struct {
    int32_t time, bands;
} Size;

typedef struct {
    atomic_int arrived, turn;
} Barrier;

typedef struct {
    Barrier *barrier;
    float *images[2];   /* between layers, in turns */
    float *inside;      /* behind the depthwise layer of a block with a squeeze */
    float *totals;      /* sums over the image of each thread, or over the bands of each step */
    float *reduced;     /* of each step, behind the first layer of a squeeze; of a whole one, its
                           gates behind it */
    float *zeros;       /* rows in front of the first and behind the last */
    /* of a thread */
    float *ring;        /* rows that the depthwise layer takes, with margins of zeros */
    float *chunk;       /* rows that it gives */
    float *means, *gates, *scaled;
    float **places;     /* where each pixel goes: a pointer takes the room of two floats */
} Arena;

static inline int at_least(int a, int b) { return a > b ? a : b; }
static inline int at_most(int a, int b) { return a < b ? a : b; }
static inline int64_t in_panels(int channels) {
    return ((int64_t)channels + PANEL - 1) / PANEL * PANEL;
}

static inline Size size_behind(const Layer *layer, Size size) {
    if (layer->kind == POINTWISE) return size;
    return (Size){(size.time - 1) / layer->stride_time + 1,
                  (size.bands - 1) / layer->stride_bands + 1};
}

static inline int channels_behind(const Layer *layer) {
    return layer->kind == STEM ? layer->inside : layer->out;
}

/* Rows that are computed at once, of `bands` each. */
static inline int rows_at_once(int bands) { return at_least(1, FEW_PIXELS / bands); }

/* Rows of the input of a depthwise layer that are held at once. */
static inline int rows_of_ring(const Layer *layer, Size behind) {
    return (rows_at_once(behind.bands) - 1) * layer->stride_time +
           layer->kernel / 2 * 2 * layer->dilation + 1;
}

static inline int64_t floats_of_row(const Layer *layer, Size size) {
    int channels = layer->kind == STEM ? 1 : layer->inside;
    return (int64_t)(size.bands + layer->kernel / 2 * 2) * channels;
}

static inline void larger(int64_t *most, int64_t count) {
    if (count > *most) *most = count;
}

/* Part of the memory; the first call finds out how much there is to be. */
static inline float *taken(float *memory, int64_t *used, int64_t floats) {
    float *place = memory ? memory + *used : NULL;
    *used += (floats + SLACK + LINE - 1) / LINE * LINE;
    return place;
}

/* Lay the memory of a pass out for a thread; return how many floats all threads need. */
static inline int64_t lay_out(const Pass *pass, int thread, Arena *arena) {
    int64_t image = 0, inside = 0, totals = 0, reduced = 0, row = 0;
    int64_t ring = 0, chunk = 0, vector = 0, scaled = 0, pixels = 0;
    Size size = {pass->time, pass->bands};
    for (int i = 0; i < pass->n_layers; i++) {
        const Layer *layer = pass->layers + i;
        Size behind = size_behind(layer, size);
        int64_t steps = behind.time, area = steps * behind.bands;
        int rows = rows_at_once(behind.bands);
        if (i < pass->n_layers - 1) larger(&image, area * channels_behind(layer));
        larger(&pixels, (int64_t)rows * behind.bands);
        if (layer->kind != POINTWISE) {
            int held = rows_of_ring(layer, behind);
            larger(&row, floats_of_row(layer, size));
            larger(&ring, held * floats_of_row(layer, size));
            larger(&chunk, (int64_t)rows * behind.bands * layer->inside);
            larger(&pixels, (int64_t)held * size.bands);
        }
        if (layer->squeezed) {
            larger(&inside, area * layer->inside);
            larger(&totals, in_panels(layer->inside) * at_least(pass->threads, behind.time));
            larger(&reduced, steps * in_panels(layer->squeezed) + in_panels(layer->inside));
            larger(&pixels, steps);
            larger(&vector, in_panels(at_least(layer->inside, layer->squeezed)) * rows);
            larger(&scaled, in_panels(layer->out) * layer->inside);
        }
        size = behind;
    }
    int64_t used = 0;
    float *memory = pass->arena;
    arena->barrier = (Barrier *)taken(memory, &used, LINE);
    for (int i = 0; i < 2; i++) arena->images[i] = taken(memory, &used, image);
    arena->inside = taken(memory, &used, inside);
    arena->totals = taken(memory, &used, totals);
    arena->reduced = taken(memory, &used, reduced);
    arena->zeros = taken(memory, &used, row);
    int64_t shared = used;
    arena->ring = taken(memory, &used, ring);
    arena->chunk = taken(memory, &used, chunk);
    arena->means = taken(memory, &used, vector);
    arena->gates = taken(memory, &used, vector);
    arena->scaled = taken(memory, &used, scaled);
    arena->places = (float **)taken(memory, &used, pixels * 2);
    int64_t own = used - shared;
    if (memory) {
        float **parts[] = {&arena->ring, &arena->chunk, &arena->means, &arena->gates,
                           &arena->scaled, (float **)&arena->places};
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) *parts[i] += own * thread;
    }
    return shared + own * pass->threads;
}

typedef struct {
    float *padded;   /* the emphasised waveform, mirrored at both ends */
    float *parts[4]; /* of a thread: real and imaginary parts in front of a pass, and behind it */
} LogmelArena;

enum { MOST_LANES = 16 };

static inline int frames_of(const Logmel *logmel) {
    return (logmel->samples - 1) / logmel->hop + 1;
}

static inline int64_t lay_out_logmel(const Logmel *logmel, int thread, int lanes,
                                     LogmelArena *arena) {
    int64_t used = 0, part = (int64_t)logmel->size * lanes;
    float *memory = logmel->arena;
    arena->padded = taken(memory, &used, (int64_t)logmel->samples + logmel->size);
    int64_t shared = used;
    for (int i = 0; i < 4; i++) arena->parts[i] = taken(memory, &used, part);
    int64_t own = used - shared;
    if (memory)
        for (int i = 0; i < 4; i++) arena->parts[i] += own * thread;
    return shared + own * logmel->threads;
}

#endif
