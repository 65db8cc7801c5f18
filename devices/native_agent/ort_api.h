/* ONNX Runtime's C functions that are used, and their places in its table.

   The table only grows: places do not change between versions, and every one from LEAST_API on has
   these. So no header of a version is needed, and one agent serves all of them. A status that is
   not NULL is an error. */
#ifndef HWNAS_ORT_API_H
#define HWNAS_ORT_API_H

#include <stddef.h>
#include <stdint.h>

enum { LEAST_API = 12 }; /* ONNX Runtime 1.12 */

typedef struct OrtStatus OrtStatus;
typedef struct OrtEnv OrtEnv;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtSession OrtSession;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtShape OrtShape; /* OrtTensorTypeAndShapeInfo */
typedef struct OrtValue OrtValue;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtAllocator OrtAllocator;
typedef struct OrtIoBinding OrtIoBinding;

typedef OrtStatus *Status;

#define ORT_FUNCTIONS(X)                                                                           \
    X(GetErrorMessage, 2, const char *, (const OrtStatus *))                                       \
    X(CreateEnv, 3, Status, (int level, const char *, OrtEnv **))                                  \
    X(CreateSession, 7, Status,                                                                    \
      (const OrtEnv *, const char *path, const OrtSessionOptions *, OrtSession **))                \
    X(CreateSessionOptions, 10, Status, (OrtSessionOptions **))                                    \
    X(SetSessionLogSeverityLevel, 22, Status, (OrtSessionOptions *, int level))                    \
    X(SetIntraOpNumThreads, 24, Status, (OrtSessionOptions *, int))                                \
    X(SetInterOpNumThreads, 25, Status, (OrtSessionOptions *, int))                                \
    X(SessionGetInputCount, 30, Status, (const OrtSession *, size_t *))                            \
    X(SessionGetOutputCount, 31, Status, (const OrtSession *, size_t *))                           \
    X(SessionGetInputTypeInfo, 33, Status, (const OrtSession *, size_t, OrtTypeInfo **))           \
    X(SessionGetOutputTypeInfo, 34, Status, (const OrtSession *, size_t, OrtTypeInfo **))          \
    X(SessionGetInputName, 36, Status, (const OrtSession *, size_t, OrtAllocator *, char **))      \
    X(SessionGetOutputName, 37, Status, (const OrtSession *, size_t, OrtAllocator *, char **))     \
    X(CreateTensorAsOrtValue, 48, Status,                                                          \
      (OrtAllocator *, const int64_t *shape, size_t, int type, OrtValue **))                       \
    X(GetTensorMutableData, 51, Status, (OrtValue *, void **))                                     \
    X(CastTypeInfoToTensorInfo, 55, Status, (const OrtTypeInfo *, const OrtShape **))              \
    X(GetTensorElementType, 60, Status, (const OrtShape *, int *))                                 \
    X(GetDimensionsCount, 61, Status, (const OrtShape *, size_t *))                                \
    X(GetDimensions, 62, Status, (const OrtShape *, int64_t *, size_t))                            \
    X(GetTensorTypeAndShape, 65, Status, (const OrtValue *, OrtShape **))                          \
    X(CreateCpuMemoryInfo, 69, Status, (int allocator, int memory, OrtMemoryInfo **))              \
    X(GetAllocatorWithDefaultOptions, 78, Status, (OrtAllocator **))                               \
    X(ReleaseTypeInfo, 98, void, (OrtTypeInfo *))                                                  \
    X(AddSessionConfigEntry, 130, Status, (OrtSessionOptions *, const char *, const char *))       \
    X(RunWithBinding, 133, Status, (OrtSession *, const OrtRunOptions *, const OrtIoBinding *))    \
    X(CreateIoBinding, 134, Status, (OrtSession *, OrtIoBinding **))                               \
    X(BindInput, 136, Status, (OrtIoBinding *, const char *, const OrtValue *))                    \
    X(BindOutput, 137, Status, (OrtIoBinding *, const char *, const OrtValue *))                   \
    X(BindOutputToDevice, 138, Status, (OrtIoBinding *, const char *, const OrtMemoryInfo *))      \
    X(GetBoundOutputValues, 140, Status,                                                           \
      (const OrtIoBinding *, OrtAllocator *, OrtValue ***, size_t *))

struct ort_functions {
#define ORT_FIELD(name, place, result, arguments) result(*name) arguments;
    ORT_FUNCTIONS(ORT_FIELD)
#undef ORT_FIELD
};

#endif
