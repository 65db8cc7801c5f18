#include "graph.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base.h"
#include "tensor.h"

/* As those of devices/runtimes/onnxruntime.py, which says why. */
static const size_t MOST_RUNS = 100;
static const int WARM_UP_RUNS = 4;
static const int64_t WARM_UP_NS = 1000000;

enum { MOST_DIMENSIONS = 64 };

/* Type and shape of an input or output. */
struct form {
    int type; /* 0 when it is no tensor */
    int fixed;
    size_t dimensions, count;
    int64_t sizes[MOST_DIMENSIONS];
};

static struct form form_of(const struct ort *ort, const OrtShape *shape, const char *file) {
    struct form form = {0};
    if (!shape) return form;
    const struct ort_functions *call = &ort->call;
    check(ort, call->GetTensorElementType(shape, &form.type), "load", file);
    check(ort, call->GetDimensionsCount(shape, &form.dimensions), "load", file);
    form.fixed = form.dimensions <= MOST_DIMENSIONS;
    if (!form.fixed) return form;
    check(ort, call->GetDimensions(shape, form.sizes, form.dimensions), "load", file);
    form.count = 1;
    for (size_t one = 0; one < form.dimensions; one++) {
        size_t size = form.sizes[one] < 0 ? 0 : (size_t)form.sizes[one];
        /* A size that is not known is -1. */
        if (form.sizes[one] < 0 || __builtin_mul_overflow(form.count, size, &form.count))
            form.fixed = 0;
    }
    return form;
}

static struct form port_form(const struct ort *ort, OrtTypeInfo *info, const char *file) {
    const OrtShape *shape = NULL;
    check(ort, ort->call.CastTypeInfoToTensorInfo(info, &shape), "load", file);
    struct form form = form_of(ort, shape, file);
    ort->call.ReleaseTypeInfo(info);
    return form;
}

static OrtValue *new_tensor(const struct ort *ort, const struct form *form, const char *file) {
    OrtValue *value = NULL;
    check(ort,
          ort->call.CreateTensorAsOrtValue(ort->allocator, form->sizes, form->dimensions,
                                           form->type, &value),
          "load", file);
    return value;
}

static void *data_of(const struct ort *ort, OrtValue *value, const char *file) {
    void *data = NULL;
    check(ort, ort->call.GetTensorMutableData(value, &data), "use the values of", file);
    return data;
}

/* "[1, 3, 32, 32]" */
static const char *shape_text(const struct form *form) {
    char *text = printed("[");
    for (size_t one = 0; one < form->dimensions; one++)
        text = printed("%s%s%lld", text, one ? ", " : "", (long long)form->sizes[one]);
    return printed("%s]", text);
}

static void bind_input(const struct ort *ort, struct graph *graph, size_t index) {
    const struct ort_functions *call = &ort->call;
    OrtTypeInfo *info;
    char *name;
    check(ort, call->SessionGetInputName(graph->session, index, ort->allocator, &name), "load",
          graph->name);
    check(ort, call->SessionGetInputTypeInfo(graph->session, index, &info), "load", graph->name);
    struct form form = port_form(ort, info, graph->name);
    if (!element_size(form.type))
        fail("the input %s is a %s, which cannot be filled", name,
             form.type ? type_name(form.type) : "value that is not a tensor");
    if (!form.fixed) fail("the input %s of %s has no fixed shape", name, graph->name);
    OrtValue *value = new_tensor(ort, &form, graph->name);
    fill(data_of(ort, value, graph->name), form.type, form.count);
    check(ort, call->BindInput(graph->binding, name, value), "load", graph->name);
    if (index) return;
    graph->input = name;
    graph->value = value;
    graph->shape = shape_text(&form);
    graph->bytes = form.count * element_size(form.type);
}

static void bind_output(const struct ort *ort, struct graph *graph, size_t index) {
    const struct ort_functions *call = &ort->call;
    OrtTypeInfo *info;
    char *name;
    check(ort, call->SessionGetOutputName(graph->session, index, ort->allocator, &name), "load",
          graph->name);
    check(ort, call->SessionGetOutputTypeInfo(graph->session, index, &info), "load", graph->name);
    struct form form = port_form(ort, info, graph->name);
    if (form.fixed && element_size(form.type)) {
        OrtValue *value = new_tensor(ort, &form, graph->name);
        check(ort, call->BindOutput(graph->binding, name, value), "load", graph->name);
    } else {
        check(ort, call->BindOutputToDevice(graph->binding, name, ort->memory), "load",
              graph->name);
    }
}

struct graph load_graph(const struct ort *ort, const char *file) {
    const struct ort_functions *call = &ort->call;
    struct graph graph = {.name = file, .input = ""};
    check(ort, call->CreateSession(ort->environment, file, ort->options, &graph.session), "load",
          file);
    check(ort, call->CreateIoBinding(graph.session, &graph.binding), "load", file);
    check(ort, call->SessionGetInputCount(graph.session, &graph.inputs), "load", file);
    check(ort, call->SessionGetOutputCount(graph.session, &graph.outputs), "load", file);
    for (size_t index = 0; index < graph.inputs; index++) bind_input(ort, &graph, index);
    for (size_t index = 0; index < graph.outputs; index++) bind_output(ort, &graph, index);
    return graph;
}

static void run(const struct ort *ort, const struct graph *graph) {
    OrtStatus *status = ort->call.RunWithBinding(graph->session, NULL, graph->binding);
    if (status) check(ort, status, "run", graph->name);
}

const double *time_graph(const struct ort *ort, const struct graph *graph, int64_t least_runs,
                         double least_ms, size_t *count) {
    static double *samples;
    static size_t room;
    size_t done = 0, least = (size_t)least_runs;
    int warm_up = 0;
    int64_t start = now_ns();
    while (!warm_up || (now_ns() - start < WARM_UP_NS && warm_up < WARM_UP_RUNS)) {
        run(ort, graph);
        warm_up++;
    }
    start = now_ns();
    while (done < least ||
           ((double)(now_ns() - start) < least_ms * 1e6 && done < MOST_RUNS)) {
        samples = grown(samples, done, &room, sizeof *samples);
        int64_t before = now_ns();
        run(ort, graph);
        samples[done++] = (double)(now_ns() - before) / 1e6;
    }
    *count = done;
    return samples;
}

void answer_outputs(const struct ort *ort, const struct graph *graph, const char *key,
                    const char *raw, size_t size) {
    const struct ort_functions *call = &ort->call;
    if (graph->inputs != 1 || !graph->outputs)
        fail("%s has %zu inputs and %zu outputs: it must have one and at least one", graph->name,
             graph->inputs, graph->outputs);
    if (size != graph->bytes)
        fail("the input %s is %s, not of %zu bytes", graph->input, graph->shape, size);
    if (size) memcpy(data_of(ort, graph->value, graph->name), raw, size);
    run(ort, graph);
    OrtValue **values = NULL;
    size_t count = 0;
    OrtShape *shape = NULL;
    check(ort, call->GetBoundOutputValues(graph->binding, ort->allocator, &values, &count), "run",
          graph->name);
    check(ort, call->GetTensorTypeAndShape(values[0], &shape), "run", graph->name);
    struct form form = form_of(ort, shape, graph->name);
    if (!element_size(form.type))
        fail("the output of %s is a %s, which cannot be sent", graph->name, type_name(form.type));
    const void *data = data_of(ort, values[0], graph->name);
    answer_open(key, '[');
    for (size_t one = 0; one < form.count; one++)
        answer_digits(NULL, element(data, form.type, one), digits(form.type));
    answer_close(']');
}
