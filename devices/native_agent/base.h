/* What all parts use: sentences on the standard error, memory, and small files. */
#ifndef HWNAS_BASE_H
#define HWNAS_BASE_H

#include <stddef.h>
#include <stdint.h>

/* Exit codes, as those of devices/agent.py. */
enum { EXIT_SENTENCE = 2, EXIT_NOBODY = 3, EXIT_BUSY = 4 };

/* One line on the standard error, then the end, with EXIT_SENTENCE or another code. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail_as(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Zeroed memory for `count` elements, at least one; it is never given back. */
void *allocate(size_t count, size_t size);

/* Elements that grow: room for one more at `elements[count]`. */
void *grown(void *elements, size_t count, size_t *room, size_t size);

/* A formatted text, allocated. */
char *printed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Where /proc and /sys are looked for: "" but in tests. */
extern const char *system_root;

/* All of a descriptor, with a 0 behind it; NULL with errno when it cannot be read. */
char *read_all(int descriptor, size_t most, size_t *size);

/* All of a file of any folder; NULL with errno when it cannot be read. */
char *read_file(const char *path, size_t *size);

/* A file of /proc or /sys, by a whole path, to be freed; NULL when it cannot be read. */
char *read_system(const char *path);

/* The same of a short file, without white space around it; 0 when it cannot be read. */
int read_setting(char *text, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A whole number, that is all of a file of /proc or /sys; 0 when it is none. */
int read_number(int64_t *value, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A text without white space around it, changed in place. */
char *stripped(char *text);

/* Reads digits, and nothing else, up to a greatest value; 0 when they are something else. */
int whole(const char *text, int64_t most, int64_t *value);

/* Names in a folder of /sys that begin with a prefix, sorted; their count. */
size_t list_system(const char *folder, const char *prefix, char ***names);
void free_names(char **names, size_t count);

/* Nanoseconds of the clock that timings are taken by. */
int64_t now_ns(void);
void sleep_s(double seconds);

#endif
