/* Calls engines by their C interfaces alone and says what a call costs: Python's part would be most of it.
 * Time is the thread's CPU time in loops, and the wall's for single calls with cold caches. */

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* An engine's function with what it is called with; `kind` says how. */
struct engine {
    int kind; /* 0 LightGBM, 1 XGBoost, 2 tl2cgen, 3 lleaves */
    void *function;
    void *handle;
    int columns;
    const char *rows;   /* XGBoost: array interface of `staged`, one row */
    const char *config; /* XGBoost: parameters of the prediction */
    float *staged;
};

typedef int (*lightgbm_fn)(void *, const void *, int64_t *, double *);
typedef int (*xgboost_fn)(void *, const char *, const char *, void *, const uint64_t **, uint64_t *, const float **);
typedef void (*tl2cgen_fn)(const void *, int, double *);
typedef void (*lleaves_fn)(const double *, double *, int, int);

double one(struct engine *e, const double *row) {
    double out = 0;
    if (e->kind == 0) {
        int64_t length;
        ((lightgbm_fn)e->function)(e->handle, row, &length, &out);
    } else if (e->kind == 1) {
        const uint64_t *shape;
        uint64_t dimensions;
        const float *result;
        for (int column = 0; column < e->columns; column++) e->staged[column] = (float)row[column];
        if (((xgboost_fn)e->function)(e->handle, e->rows, e->config, NULL, &shape, &dimensions, &result)) return 0.0 / 0.0;
        out = result[0];
    } else if (e->kind == 2) {
        /* A cell is a union as large as its double; engines.py has marked what is missing. */
        ((tl2cgen_fn)e->function)(row, 0, &out);
    } else {
        ((lleaves_fn)e->function)(row, &out, 0, 1);
    }
    return out;
}

static double nanoseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static volatile double sink;

/* CPU nanoseconds a row; `turn` is the row whose turn it is. */
double warm(struct engine *e, const double *rows, long count, double milliseconds, long *turn) {
    for (long turns = 1;; turns *= 2) {
        double began = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        for (long left = turns; left > 0; left--) {
            *turn = *turn + 1 == count ? 0 : *turn + 1;
            sink = one(e, rows + *turn * e->columns);
        }
        double took = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - began;
        if (took >= milliseconds * 0.5e6) return took / turns;
    }
}

/* Wall nanoseconds of single calls, each after `words` words went through the caches. Without an engine, of the clock itself. */
void cold(struct engine *e, const double *rows, long count, long samples, uint64_t *buffer, long words, long *turn, double *out) {
    for (long sample = 0; sample < samples; sample++) {
        for (long word = 0; word < words; word += 8) buffer[word]++;
        *turn = *turn + 1 == count ? 0 : *turn + 1;
        double began = nanoseconds(CLOCK_MONOTONIC);
        if (e) sink = one(e, rows + *turn * e->columns);
        out[sample] = nanoseconds(CLOCK_MONOTONIC) - began;
    }
}
