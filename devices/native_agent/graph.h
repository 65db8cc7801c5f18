/* One model, ready to run: its inputs filled, its inputs and outputs in buffers of its own, as
   OnnxRuntimeGraph of devices/runtimes/onnxruntime.py. */
#ifndef HWNAS_GRAPH_H
#define HWNAS_GRAPH_H

#include "ort.h"

struct graph {
    const char *name; /* the file */
    OrtSession *session;
    OrtIoBinding *binding;
    size_t inputs, outputs;
    /* Of the first input. */
    const char *input;
    OrtValue *value;
    const char *shape;
    size_t bytes;
};

/* Ends the program with a sentence when the file cannot be loaded, or its inputs not be filled. */
struct graph load_graph(const struct ort *ort, const char *file);

/* Milliseconds of consecutive inferences, after one to four that are not counted: at least
   `least_runs`, and until `least_ms` have passed. Valid until the next call. */
const double *time_graph(const struct ort *ort, const struct graph *graph, int64_t least_runs,
                         double least_ms, size_t *count);

/* Puts the first output for the raw values of the only input into the answer, as a list. */
void answer_outputs(const struct ort *ort, const struct graph *graph, const char *key,
                    const char *raw, size_t size);

#endif
