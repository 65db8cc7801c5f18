/* The types of elements that inputs are filled with and outputs are read as: those of
   devices/runtimes/onnxruntime.py. */
#ifndef HWNAS_TENSOR_H
#define HWNAS_TENSOR_H

#include <stddef.h>
#include <stdint.h>

/* ONNXTensorElementDataType */
enum { FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7, BOOL = 9, FLOAT16 = 10, DOUBLE = 11 };

/* Bytes of an element, 0 for an unknown type. */
size_t element_size(int type);

/* As ONNX Runtime writes it: "tensor(float)". */
const char *type_name(int type);

/* Fixed random values: of floats a normal distribution, of images all values, else 0 and 1. */
void fill(void *data, int type, size_t count);

/* One element as a number, and the significant digits that say all of it. */
double element(const void *data, int type, size_t index);
int digits(int type);

#endif
