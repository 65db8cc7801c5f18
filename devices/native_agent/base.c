#include "base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *system_root = "";

static char *vprinted(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = allocate((size_t)(length < 0 ? 0 : length) + 1, 1);
    if (length > 0) vsnprintf(text, (size_t)length + 1, format, arguments);
    return text;
}

char *printed(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = vprinted(format, arguments);
    va_end(arguments);
    return text;
}

_Noreturn static void vfail(int code, const char *format, va_list arguments) {
    char *text = vprinted(format, arguments);
    /* The host shows the last line. */
    for (char *at = text; *at; at++)
        if (*at == '\n' || *at == '\r') *at = ' ';
    fprintf(stderr, "%s\n", stripped(text));
    fflush(stderr);
    _exit(code);
}

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfail(EXIT_SENTENCE, format, arguments);
}

void fail_as(int code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfail(code, format, arguments);
}

void *allocate(size_t count, size_t size) {
    void *found = calloc(count ? count : 1, size ? size : 1);
    if (!found) {
        static const char sentence[] = "out of memory\n";
        if (write(2, sentence, sizeof sentence - 1) < 0) _exit(EXIT_SENTENCE);
        _exit(EXIT_SENTENCE);
    }
    return found;
}

void *grown(void *elements, size_t count, size_t *room, size_t size) {
    if (count < *room) return elements;
    size_t wanted = *room ? 2 * *room : 16;
    char *larger = allocate(wanted, size);
    if (count) memcpy(larger, elements, count * size);
    free(elements);
    *room = wanted;
    return larger;
}

char *read_all(int descriptor, size_t most, size_t *size) {
    size_t room = 0, length = 0;
    char *text = NULL;
    for (;;) {
        text = grown(text, length, &room, 1);
        ssize_t got = read(descriptor, text + length, room - length);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 || length + (size_t)got > most) {
            if (got >= 0) errno = EFBIG;
            free(text);
            return NULL;
        }
        if (got == 0) break;
        length += (size_t)got;
    }
    text = grown(text, length, &room, 1);
    text[length] = 0;
    *size = length;
    return text;
}

char *read_file(const char *path, size_t *size) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return NULL;
    char *text = read_all(descriptor, (size_t)1 << 31, size);
    int problem = errno;
    close(descriptor);
    errno = problem;
    return text;
}

char *read_system(const char *path) {
    size_t size;
    char *whole_path = printed("%s%s", system_root, path);
    char *text = read_file(whole_path, &size);
    free(whole_path);
    return text;
}

char *stripped(char *text) {
    text += strspn(text, " \t\n\r\v\f");
    size_t length = strlen(text);
    while (length && strchr(" \t\n\r\v\f", text[length - 1])) text[--length] = 0;
    return text;
}

static int read_short(char *text, size_t size, const char *format, va_list arguments) {
    char path[512];
    size_t root = (size_t)snprintf(path, sizeof path, "%s", system_root);
    if (root >= sizeof path) return 0;
    int length = vsnprintf(path + root, sizeof path - root, format, arguments);
    if (length < 0 || (size_t)length >= sizeof path - root) return 0;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return 0;
    ssize_t got = read(descriptor, text, size - 1);
    close(descriptor);
    if (got < 0) return 0;
    text[got] = 0;
    char *inner = stripped(text);
    memmove(text, inner, strlen(inner) + 1);
    return 1;
}

int read_setting(char *text, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int found = read_short(text, size, format, arguments);
    va_end(arguments);
    return found;
}

int read_number(int64_t *value, const char *format, ...) {
    char text[32];
    va_list arguments;
    va_start(arguments, format);
    int found = read_short(text, sizeof text, format, arguments);
    va_end(arguments);
    int negative = found && *text == '-';
    if (!found || !whole(text + negative, INT64_MAX, value)) return 0;
    if (negative) *value = -*value;
    return 1;
}

int whole(const char *text, int64_t most, int64_t *value) {
    int64_t found = 0;
    if (!*text) return 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return 0;
        if (__builtin_mul_overflow(found, 10, &found)) return 0;
        if (__builtin_add_overflow(found, *text - '0', &found)) return 0;
    }
    *value = found;
    return found <= most;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t list_system(const char *folder, const char *prefix, char ***names) {
    size_t count = 0, room = 0;
    *names = NULL;
    char *path = printed("%s%s", system_root, folder);
    DIR *opened = opendir(path);
    free(path);
    if (!opened) return 0;
    for (struct dirent *entry; (entry = readdir(opened));) {
        if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix))) continue;
        *names = grown(*names, count, &room, sizeof **names);
        (*names)[count++] = printed("%s", entry->d_name);
    }
    closedir(opened);
    if (count) qsort(*names, count, sizeof **names, by_name);
    return count;
}

void free_names(char **names, size_t count) {
    while (count) free(names[--count]);
    free(names);
}

int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void sleep_s(double seconds) {
    if (seconds <= 0) return;
    struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) < 0 && errno == EINTR) continue;
}
