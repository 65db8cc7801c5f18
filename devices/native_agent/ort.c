#include "ort.h"

#include <dlfcn.h>
#include <string.h>

#include "base.h"

enum { LOG_ERRORS = 3, ARENA_ALLOCATOR = 1, DEFAULT_MEMORY = 0 };

typedef void (*Place)(void);

/* OrtApiBase: the only structure that is found by name. */
struct base {
    const Place *(*api)(uint32_t version);
    const char *(*version)(void);
};

static const struct base *load_base(const char *library) {
    void *loaded = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!loaded) fail("cannot load %s: %s", library, dlerror());
    const struct base *(*get)(void);
    void *found = dlsym(loaded, "OrtGetApiBase");
    if (!found) fail("%s is not ONNX Runtime", library);
    memcpy(&get, &found, sizeof get); /* C has no cast for it */
    return get();
}

struct ort load_ort(const char *library, int threads) {
    const struct base *base = load_base(library);
    const Place *table = base->api(LEAST_API);
    if (!table)
        fail("%s is ONNX Runtime %s; give one of 1.%d or newer", library, base->version(),
             LEAST_API);
    struct ort ort = {.version = base->version()};
#define ORT_TAKE(name, place, result, arguments)                                                   \
    ort.call.name = (result(*) arguments)table[place];
    ORT_FUNCTIONS(ORT_TAKE)
#undef ORT_TAKE
    const struct ort_functions *call = &ort.call;
    const char *begin = "start with";
    check(&ort, call->CreateEnv(LOG_ERRORS, "hwnas", &ort.environment), begin, "its log");
    check(&ort, call->GetAllocatorWithDefaultOptions(&ort.allocator), begin, "its memory");
    check(&ort, call->CreateCpuMemoryInfo(ARENA_ALLOCATOR, DEFAULT_MEMORY, &ort.memory), begin,
          "its memory");
    check(&ort, call->CreateSessionOptions(&ort.options), begin, "its options");
    check(&ort, call->SetIntraOpNumThreads(ort.options, threads), begin, "its threads");
    check(&ort, call->SetInterOpNumThreads(ort.options, 1), begin, "its threads");
    check(&ort, call->SetSessionLogSeverityLevel(ort.options, LOG_ERRORS), begin, "its log");
    /* A job holds many sessions: between inferences the threads of one would take the cores from
       the next. */
    check(&ort, call->AddSessionConfigEntry(ort.options, "session.force_spinning_stop", "1"),
          begin, "its options");
    return ort;
}

void check(const struct ort *ort, OrtStatus *status, const char *verb, const char *name) {
    if (status)
        fail("ONNX Runtime cannot %s %s: %s", verb, name, ort->call.GetErrorMessage(status));
}
