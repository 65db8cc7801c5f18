#include "tensor.h"

#include <string.h>

/* By ONNXTensorElementDataType. */
static const char *const NAMES[] = {
    "undefined", "float",   "uint8",  "int8",   "uint16", "int16",     "int32",      "int64",
    "string",    "bool",    "float16", "double", "uint32", "uint64", "complex64", "complex128",
    "bfloat16",
};

size_t element_size(int type) {
    switch (type) {
    case UINT8:
    case INT8:
    case BOOL:
        return 1;
    case FLOAT16:
        return 2;
    case FLOAT:
    case INT32:
        return 4;
    case INT64:
    case DOUBLE:
        return 8;
    default:
        return 0;
    }
}

const char *type_name(int type) {
    static char text[32];
    int known = type > 0 && (size_t)type < sizeof NAMES / sizeof *NAMES;
    strcpy(text, "tensor(");
    strcat(text, known ? NAMES[type] : "of another type");
    return strcat(text, ")");
}

static uint32_t random_bits(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

/* The sum of twelve uniform values: mean 0, deviation 1, and no library of mathematics. */
static float normal(uint64_t *state) {
    double sum = -6;
    for (int one = 0; one < 12; one++) sum += random_bits(state) / 4294967296.0;
    return (float)sum;
}

/* Cut to 11 bits; below the normal numbers 0, for none of ours is above their greatest. */
static uint16_t half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude < 0x38800000) return (uint16_t)sign;
    return (uint16_t)(sign | (magnitude - 0x38000000) >> 13);
}

static double of_half(uint16_t bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent ? 1024 + fraction : fraction;
    if (exponent == 31) value = fraction ? __builtin_nan("") : __builtin_inf();
    for (int power = exponent ? exponent : 1; exponent < 31 && power < 25; power++) value /= 2;
    for (int power = exponent; exponent < 31 && power > 25; power--) value *= 2;
    return bits >> 15 ? -value : value;
}

void fill(void *data, int type, size_t count) {
    uint64_t state = 1;
    for (size_t one = 0; one < count; one++) {
        uint32_t bits = type == FLOAT || type == FLOAT16 || type == DOUBLE ? 0
                                                                           : random_bits(&state);
        switch (type) {
        case FLOAT:
            ((float *)data)[one] = normal(&state);
            break;
        case FLOAT16:
            ((uint16_t *)data)[one] = half(normal(&state));
            break;
        case DOUBLE:
            ((double *)data)[one] = normal(&state);
            break;
        case UINT8:
        case INT8:
            ((uint8_t *)data)[one] = (uint8_t)(bits >> 24);
            break;
        case BOOL:
            ((uint8_t *)data)[one] = bits >> 31;
            break;
        case INT32:
            ((int32_t *)data)[one] = (int32_t)(bits >> 31);
            break;
        default:
            ((int64_t *)data)[one] = (int64_t)(bits >> 31);
        }
    }
}

double element(const void *data, int type, size_t index) {
    switch (type) {
    case FLOAT:
        return ((const float *)data)[index];
    case FLOAT16:
        return of_half(((const uint16_t *)data)[index]);
    case DOUBLE:
        return ((const double *)data)[index];
    case UINT8:
    case BOOL:
        return ((const uint8_t *)data)[index];
    case INT8:
        return ((const int8_t *)data)[index];
    case INT32:
        return ((const int32_t *)data)[index];
    default:
        return (double)((const int64_t *)data)[index];
    }
}

int digits(int type) { return type == FLOAT || type == FLOAT16 ? 9 : 17; }
