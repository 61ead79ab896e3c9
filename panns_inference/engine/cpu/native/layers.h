/* What the library and its caller share: the layers of a network, its front-end, and how they are
   asked.

   Images are (time, bands, channels), float32, in memory without gaps. All numbers of channels are
   multiples of 8. Weights of pointwise layers lie in panels of 16 outputs, (panels, inputs, 16);
   taps of depthwise ones are (kernel * kernel, channels); both, and biases, have zeros up to the
   next multiple of 16. */

#ifndef PANNS_LAYERS_H
#define PANNS_LAYERS_H

#include <stdint.h>

enum { PANEL = 16 };
enum Kind { STEM, POINTWISE, BLOCK };
enum Activation { NONE, RELU, HARD_SWISH };
enum { WHOLE = -1 }; /* the context of a squeeze that takes its means over all of the image */

/* STEM: a convolution from one channel to `inside`, `taps`.
   POINTWISE: from `in` to `out` channels, `project`.
   BLOCK: from `in` to `inside` channels (`expand`, or none), depthwise (`taps`), squeeze and
   excitation (`reduce` and `gate`, or none), from `inside` to `out` channels (`project`). */
typedef struct {
    int32_t kind, in, inside, out;
    int32_t kernel, stride_time, stride_bands, dilation; /* dilation is along time */
    int32_t squeezed, context;                           /* 0 channels: there is no squeeze */
    int32_t activation, adds;                            /* adds: the input is added */
    const float *expand, *expand_bias;
    const float *taps, *taps_bias;
    const float *reduce, *reduce_bias, *gate, *gate_bias;
    const float *project, *project_bias;
} Layer;

typedef struct {
    const Layer *layers;
    int32_t n_layers, time, bands, threads; /* of the input, and how many call for it */
    const float *input;                     /* (time, bands, channels) */
    float *output;                          /* (time, bands, channels) of the last layer */
    float *arena;                           /* as many floats as `panns_network_arena` says */
} Pass;

/* A log-mel image as `models/kaldi.py` has it. Twiddles are those of the transform, (size / 4, 3,
   2), exp(-2 pi i p / size) to the powers 1, 2 and 3. Each mel bin adds up `counts` bins of the
   spectrum from `firsts` on; their weights lie behind each other. */
typedef struct {
    int32_t samples, size, hop, mels, threads; /* size: of a transform, a power of 4 */
    float emphasis, floor, centre, scale;
    const float *waveform, *window, *twiddles; /* (samples,), (size,) */
    const int32_t *firsts, *counts;            /* (mels,) each */
    const float *weights;
    float *image; /* (frames, mels) */
    float *arena; /* as many floats as `panns_logmel_arena` says */
} Logmel;

#endif
