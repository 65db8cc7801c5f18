// Clang's notes on which mutex guards what; where they stand, g++ takes no attribute.
#include_next <android-base/thread_annotations.h>

#undef THREAD_ANNOTATION_ATTRIBUTE__
#define THREAD_ANNOTATION_ATTRIBUTE__(x)
