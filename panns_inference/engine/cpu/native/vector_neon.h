/* Vectors of 4 floats. */
#include <arm_neon.h>
#define NAME(name) name##_neon
#define TARGET
#define LANES 4
#define TILE 12
#define MOST 6
typedef float32x4_t NAME(vector);
#define VECTOR NAME(vector)
#define LOAD(p) vld1q_f32(p)
#define STORE(p, x) vst1q_f32(p, x)
#define ALL(x) vdupq_n_f32(x)
#define FMA(a, b, c) vfmaq_f32(c, a, b)
#define ADD(a, b) vaddq_f32(a, b)
#define SUB(a, b) vsubq_f32(a, b)
#define MUL(a, b) vmulq_f32(a, b)
#define MIN(a, b) vminq_f32(a, b)
#define MAX(a, b) vmaxq_f32(a, b)
