/* ONNX Runtime on the CPU: the library, and a session with the options of
   devices/runtimes/onnxruntime.py. */
#ifndef HWNAS_ORT_H
#define HWNAS_ORT_H

#include "ort_api.h"

struct ort {
    struct ort_functions call;
    const char *version;
    OrtEnv *environment;
    OrtSessionOptions *options;
    OrtAllocator *allocator;
    OrtMemoryInfo *memory;
};

/* Loads the library; ends the program with a sentence when it cannot be loaded, or is too old. */
struct ort load_ort(const char *library, int threads);

/* Ends the program with a sentence when a status is an error: "ONNX Runtime cannot VERB NAME: ". */
void check(const struct ort *ort, OrtStatus *status, const char *verb, const char *name);

#endif
