/* A job: what the host asks for. Its text is described in devices/job.py. */
#ifndef HWNAS_JOB_H
#define HWNAS_JOB_H

#include <stddef.h>
#include <stdint.h>

enum cores { CORES_AUTO, CORES_ANY, CORES_NAMED };

struct round {
    int64_t number;
    size_t visits;
    size_t *order; /* indices of graphs */
};

struct job {
    const char *nonce, *runtime, *task;
    const char *input; /* file of raw values, "" for none */
    int threads;
    enum cores cores;
    int *named;        /* cores */
    size_t named_count;
    int64_t least_runs;
    double least_ms, rest_s, limit_celsius;
    const char **graphs; /* files */
    size_t graph_count;
    struct round *rounds;
    size_t round_count;
};

/* Takes the text apart, in place. Ends the program with a sentence when it is cut off or strange. */
struct job parse_job(char *text, size_t size);

int is_task(const struct job *job, const char *task);

#endif
