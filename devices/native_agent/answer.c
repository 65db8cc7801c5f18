#include "answer.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base.h"

static char *line;
static size_t length, room;
static int first; /* no comma before the next value */

static void add(char letter) {
    line = grown(line, length, &room, 1);
    line[length++] = letter;
}

static void add_all(const char *text) {
    while (*text) add(*text++);
}

/* Bytes of the UTF-8 character at the start of a text, 0 when there is none. */
static size_t character(const unsigned char *text) {
    size_t bytes = text[0] < 0x80                          ? 1
                   : text[0] >= 0xC2 && text[0] <= 0xDF    ? 2
                   : text[0] >= 0xE0 && text[0] <= 0xEF    ? 3
                   : text[0] >= 0xF0 && text[0] <= 0xF4    ? 4
                                                           : 0;
    for (size_t index = 1; index < bytes; index++)
        if ((text[index] & 0xC0) != 0x80) return 0;
    if ((text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xED && text[1] > 0x9F)) return 0;
    if ((text[0] == 0xF0 && text[1] < 0x90) || (text[0] == 0xF4 && text[1] > 0x8F)) return 0;
    return bytes;
}

static void add_string(const char *text) {
    add('"');
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        size_t bytes = character(at);
        if (!bytes) {
            add_all("\\ufffd"); /* what is no text: Python's "replace" */
            at++;
        } else if (*at < ' ' || *at == '"' || *at == '\\' || *at == 0x7F) {
            char escaped[8];
            snprintf(escaped, sizeof escaped, "\\u%04x", *at++);
            add_all(escaped);
        } else {
            while (bytes--) add((char)*at++);
        }
    }
    add('"');
}

static void before(const char *key) {
    if (!first) add_all(", ");
    first = 0;
    if (!key) return;
    add_string(key);
    add_all(": ");
}

static void add_number(const char *key, const char *format, int digits, double value) {
    char text[400];
    before(key);
    if (isnan(value)) return add_all("NaN"); /* as Python's json writes and reads them */
    if (isinf(value)) return add_all(value > 0 ? "Infinity" : "-Infinity");
    snprintf(text, sizeof text, format, digits, value);
    add_all(text);
}

void answer_begin(const char *nonce, const char *event) {
    length = 0;
    first = 1;
    add('{');
    answer_text("nonce", nonce);
    answer_text("event", event);
}

void answer_whole(const char *key, int64_t value) {
    char text[32];
    before(key);
    snprintf(text, sizeof text, "%lld", (long long)value);
    add_all(text);
}

void answer_real(const char *key, double value, int decimals) {
    add_number(key, "%.*f", decimals, value);
}

void answer_digits(const char *key, double value, int digits) {
    add_number(key, "%.*g", digits, value);
}

void answer_text(const char *key, const char *value) {
    before(key);
    if (value)
        add_string(value);
    else
        add_all("null");
}

void answer_truth(const char *key, int value) {
    before(key);
    add_all(value ? "true" : "false");
}

void answer_open(const char *key, char bracket) {
    before(key);
    add(bracket);
    first = 1;
}

void answer_close(char bracket) {
    add(bracket);
    first = 0;
}

void answer_send(void) {
    add('}');
    add('\n');
    for (size_t done = 0; done < length;) {
        ssize_t wrote = write(1, line + done, length - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) _exit(EXIT_NOBODY);
        done += (size_t)wrote;
    }
}
