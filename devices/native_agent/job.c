#include "job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

enum { MOST_THREADS = 1024, MOST_CORE = 65535 };
static const int64_t MOST_RUNS_ASKED = 1000000, MOST_ROUND = (int64_t)1 << 53;
static const double MOST_REAL = 1e9;

/* Keys that are there once, each. */
static const char *const KEYS[] = {"nonce", "runtime", "threads", "cores", "task",
                                   "runs",  "ms",      "rest",    "limit", "input"};
enum { NONCE, RUNTIME, THREADS, CORES, TASK, RUNS, MS, REST, LIMIT, INPUT, KEY_COUNT };

static const char *const TASKS[] = {"time", "operators", "outputs", "health"};

static _Noreturn void unreadable(const char *key, const char *value) {
    fail("the job cannot be read: %s %.80s", key, value);
}

static _Noreturn void other_version(void) { fail("the job is of another version of hwnas"); }

static int64_t number(const char *key, const char *text, int64_t least, int64_t most) {
    int64_t value;
    if (!whole(text, most, &value) || value < least) unreadable(key, text);
    return value;
}

static double real(const char *key, const char *text) {
    char *end;
    double value = strtod(text, &end);
    int decimal = *text && !text[strspn(text, "0123456789.e+-")];
    if (!decimal || *end || !isfinite(value) || value < 0 || value > MOST_REAL)
        unreadable(key, text);
    return value;
}

/* A file of the working folder: no path, no option, nothing that a shell takes apart. */
static const char *file_name(const char *text) {
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    size_t length = strspn(text, first);
    while (text[length] && (strchr("._-", text[length]) || strchr(first, text[length]))) length++;
    if (!strspn(text, first) || text[length] || length > 255)
        fail("the job cannot be read: '%.80s' is not the name of a file", text);
    return text;
}

/* The next word of a line, ended by a 0; NULL at the end. */
static char *word(char **rest) {
    char *start = *rest + strspn(*rest, " ");
    if (!*start) return NULL;
    char *end = start + strcspn(start, " ");
    *rest = *end ? end + 1 : end;
    *end = 0;
    return start;
}

static struct round parse_round(char *text) {
    struct round found = {0, 0, NULL};
    size_t room = 0;
    char *first = word(&text);
    if (!first) unreadable("round", "");
    found.number = number("round", first, 0, MOST_ROUND);
    for (char *next; (next = word(&text));) {
        found.order = grown(found.order, found.visits, &room, sizeof *found.order);
        found.order[found.visits++] = (size_t)number("round", next, 0, MOST_ROUND);
    }
    return found;
}

static void parse_cores(struct job *job, char *text) {
    size_t room = 0;
    job->cores = !strcmp(text, "auto")  ? CORES_AUTO
                 : !strcmp(text, "any") ? CORES_ANY
                                        : CORES_NAMED;
    if (job->cores != CORES_NAMED) return;
    for (char *next; (next = word(&text));) {
        job->named = grown(job->named, job->named_count, &room, sizeof *job->named);
        job->named[job->named_count++] = (int)number("cores", next, 0, MOST_CORE);
    }
    if (!job->named_count) unreadable("cores", "");
}

/* Puts the lines between the first and the last where they belong. */
static void parse_lines(struct job *job, char *text, char **values) {
    size_t graphs = 0, rounds = 0;
    for (char *line = text, *next; line; line = next) {
        if ((next = strchr(line, '\n'))) *next++ = 0;
        char *value = line + strcspn(line, " ");
        if (*value) *value++ = 0;
        if (!strcmp(line, "graph")) {
            job->graphs = grown(job->graphs, job->graph_count, &graphs, sizeof *job->graphs);
            job->graphs[job->graph_count++] = file_name(value);
        } else if (!strcmp(line, "round")) {
            job->rounds = grown(job->rounds, job->round_count, &rounds, sizeof *job->rounds);
            job->rounds[job->round_count++] = parse_round(value);
        } else {
            int key = 0;
            while (key < KEY_COUNT && strcmp(line, KEYS[key])) key++;
            if (key == KEY_COUNT || values[key]) other_version();
            values[key] = value;
        }
    }
}

/* The lines between "hwnas job 1" and "end", without the last one's line feed. */
static char *inner_lines(char *text, size_t size) {
    static const char head[] = "hwnas job 1\n", end[] = "\nend";
    if (size && text[size - 1] == '\n') text[--size] = 0;
    int whole_job = strlen(text) == size && size > sizeof head + sizeof end &&
                    !strncmp(text, head, sizeof head - 1) &&
                    !strcmp(text + size - (sizeof end - 1), end);
    if (!whole_job) fail("the job is cut off, or of another version of hwnas");
    text[size - (sizeof end - 1)] = 0;
    return text + sizeof head - 1;
}

struct job parse_job(char *text, size_t size) {
    struct job job = {0};
    char *values[KEY_COUNT] = {0};
    parse_lines(&job, inner_lines(text, size), values);
    for (int key = 0; key < INPUT; key++)
        if (!values[key]) fail("the job cannot be read: it has no %s", KEYS[key]);
    for (const char *at = values[NONCE]; *at; at++)
        if (*at < ' ' || *at > '~') unreadable("nonce", "");
    job.nonce = values[NONCE];
    job.runtime = values[RUNTIME];
    job.task = values[TASK];
    job.threads = (int)number("threads", values[THREADS], 1, MOST_THREADS);
    parse_cores(&job, values[CORES]);
    job.least_runs = number("runs", values[RUNS], 0, MOST_RUNS_ASKED);
    job.least_ms = real("ms", values[MS]);
    job.rest_s = real("rest", values[REST]);
    job.limit_celsius = real("limit", values[LIMIT]);
    job.input = values[INPUT] ? file_name(values[INPUT]) : "";
    int known = 0;
    for (size_t task = 0; task < sizeof TASKS / sizeof *TASKS; task++)
        known |= is_task(&job, TASKS[task]);
    if (!known) other_version();
    for (size_t one = 0; one < job.round_count; one++)
        for (size_t visit = 0; visit < job.rounds[one].visits; visit++)
            if (job.rounds[one].order[visit] >= job.graph_count) other_version();
    return job;
}

int is_task(const struct job *job, const char *task) { return !strcmp(job->task, task); }
