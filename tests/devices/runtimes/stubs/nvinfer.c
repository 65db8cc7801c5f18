/* TensorRT's libraries with nothing in them: what its Python bindings ask the linker for.
 *
 * They let the real bindings be imported without NVIDIA's 3 GB of libraries and without a GPU, so
 * that the names and arguments that hwnas uses can be held against them. Nothing made through them
 * works: every constructor gets a null pointer.
 */
#include <stddef.h>
#include <stdint.h>

void *createInferBuilder_INTERNAL(void *logger, int32_t version) {
    (void)logger, (void)version;
    return NULL;
}

void *createInferRuntime_INTERNAL(void *logger, int32_t version) {
    (void)logger, (void)version;
    return NULL;
}

void *createInferRefitter_INTERNAL(void *engine, void *logger, int32_t version) {
    (void)engine, (void)logger, (void)version;
    return NULL;
}

void *createNvOnnxParser_INTERNAL(void *network, void *logger, int version) {
    (void)network, (void)logger, (void)version;
    return NULL;
}

void *createNvOnnxParserRefitter_INTERNAL(void *refitter, void *logger, int version) {
    (void)refitter, (void)logger, (void)version;
    return NULL;
}

int getNvOnnxParserVersion(void) { return 0; }

void *getPluginRegistry(void) { return NULL; }

void *getBuilderPluginRegistry(int32_t capability) {
    (void)capability;
    return NULL;
}

_Bool initLibNvInferPlugins(void *logger, const char *space) {
    (void)logger, (void)space;
    return 0;
}
