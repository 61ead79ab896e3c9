/* MobileNets with inverted residual blocks and their front-end. The caller chooses a set of
   instructions, gives memory, and runs a pass on as many threads as it says. */

#include <sched.h>
#include <string.h>

#include "arena.h"

#define PUBLIC __attribute__((visibility("default")))

enum { ABANDONED = -1 }; /* the turn of a barrier at which nobody waits any more */

/* Wait until all threads have come here. */
static void wait_for_all(Barrier *barrier, int threads) {
    int turn = atomic_load(&barrier->turn);
    if (threads == 1 || turn == ABANDONED) return;
    if (atomic_fetch_add(&barrier->arrived, 1) == threads - 1) {
        atomic_store(&barrier->arrived, 0);
        atomic_store(&barrier->turn, turn + 1);
        return;
    }
    for (int spins = 0; atomic_load(&barrier->turn) == turn; spins++)
        if (spins > 2000) sched_yield(); /* there are fewer cores than threads */
}

/* What there is for a set of instructions. */
typedef struct {
    const char *name;
    void (*run)(const Pass *, int);
    void (*logmel)(const Logmel *, int);
} Functions;

#if defined(__x86_64__)

#include "vector_avx2.h"
#include "kernels.h"
#include "network.h"
#include "logmel.h"
#include "undefine.h"

#include "vector_avx512.h"
#include "kernels.h"
#include "network.h"
#include "logmel.h"

static const Functions sets[] = {
    {"avx512", run_avx512, logmel_avx512},
    {"avx2", run_avx2, logmel_avx2},
};

static int has(const Functions *set) {
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return avx2 && (set != sets || __builtin_cpu_supports("avx512f"));
}

#elif defined(__aarch64__)

#include "vector_neon.h"
#include "kernels.h"
#include "network.h"
#include "logmel.h"

static const Functions sets[] = {{"neon", run_neon, logmel_neon}};

static int has(const Functions *set) { return set == sets; }

#else
#error "there are no kernels for this processor"
#endif

static const Functions *chosen;

/* Choose a set of instructions by its name; return whether this processor has it. */
PUBLIC int panns_choose(const char *name) {
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (!strcmp(sets[i].name, name) && has(sets + i)) {
            chosen = sets + i;
            return 1;
        }
    return 0;
}

/* The name of the one that was chosen. */
PUBLIC const char *panns_chosen(void) { return chosen->name; }

/* Floats of the memory that a pass needs; its `arena` does not matter. */
PUBLIC int64_t panns_network_arena(const Pass *pass) {
    Pass asked = *pass;
    Arena arena;
    asked.arena = NULL;
    return lay_out(&asked, 0, &arena);
}

/* Make the memory of a pass ready, before any thread runs. */
PUBLIC void panns_network_begin(const Pass *pass) {
    Arena arena;
    lay_out(pass, 0, &arena);
    atomic_store(&arena.barrier->arrived, 0);
    atomic_store(&arena.barrier->turn, 0);
    int64_t row = 0;
    Size size = {pass->time, pass->bands};
    for (int i = 0; i < pass->n_layers; i++) {
        if (pass->layers[i].kind != POINTWISE) larger(&row, floats_of_row(pass->layers + i, size));
        size = size_behind(pass->layers + i, size);
    }
    memset(arena.zeros, 0, row * sizeof(float));
}

/* Let the threads of a pass come to an end although one of them does not run. */
PUBLIC void panns_network_abandon(const Pass *pass) {
    Arena arena;
    lay_out(pass, 0, &arena);
    atomic_store(&arena.barrier->turn, ABANDONED);
}

/* A thread's part of a pass, of 0 to `threads` - 1: all of them have to run. */
PUBLIC void panns_network_run(const Pass *pass, int thread) { chosen->run(pass, thread); }

/* As above, for the front-end. */
PUBLIC int64_t panns_logmel_arena(const Logmel *logmel) {
    Logmel asked = *logmel;
    LogmelArena arena;
    asked.arena = NULL;
    return lay_out_logmel(&asked, 0, MOST_LANES, &arena);
}

PUBLIC void panns_logmel_begin(const Logmel *logmel) {
    LogmelArena arena;
    lay_out_logmel(logmel, 0, MOST_LANES, &arena);
    int margin = logmel->size / 2, length = logmel->samples - 1;
    float *emphasised = arena.padded + margin;
    for (int i = 0; i < length; i++)
        emphasised[i] = logmel->waveform[i + 1] - logmel->emphasis * logmel->waveform[i];
    for (int i = 1; i <= margin; i++) {
        emphasised[-i] = emphasised[i];
        emphasised[length - 1 + i] = emphasised[length - 1 - i];
    }
}

PUBLIC void panns_logmel_run(const Logmel *logmel, int thread) { chosen->logmel(logmel, thread); }
