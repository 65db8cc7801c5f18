#include "finding.h"

#include <stddef.h>

#include "answer.h"

void finding(const char *name, const char *value, int ok, const char *advice) {
    answer_open(NULL, '{');
    answer_text("name", name);
    answer_text("value", value);
    answer_truth("ok", ok || !value);
    answer_text("advice", !value ? "cannot be read on this machine" : ok ? "" : advice);
    answer_close('}');
}
