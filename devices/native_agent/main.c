/* The agent for targets without Python: `agent LIBRARY`, a job on the standard input, JSON on the
   standard output. What it does and answers is described in devices/agent.py.

   A second argument is a folder that stands for the root of /proc and /sys; for tests. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "answer.h"
#include "base.h"
#include "conditions.h"
#include "cores.h"
#include "facts.h"
#include "graph.h"
#include "health.h"
#include "job.h"
#include "ort.h"

static const char LOCK[] = "agent.lock", RUNTIME[] = "onnxruntime";
static const int64_t LOCK_NS = 20000000000, LONGEST_WAIT_NS = 300000000000;
static const double COOLER = 3, TELL_EVERY_S = 5;
static const size_t MOST_JOB = (size_t)64 << 20;

/* Holds the folder's lock until the end, so that two jobs do not disturb each other's timings. */
static void lock(void) {
    int file = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) fail("cannot open %s: %s", LOCK, strerror(errno));
    int64_t end = now_ns() + LOCK_NS;
    while (flock(file, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return; /* a file system without locks */
        if (now_ns() > end)
            fail_as(EXIT_BUSY, "another hwnas process is measuring on this device; wait for it");
        sleep_s(0.1);
    }
}

static void answer_facts(const struct job *job, const struct ort *ort, const char *pinned) {
    answer_begin(job->nonce, "ready");
    answer_open("facts", '{');
    answer_text("machine", machine());
    answer_text("cpu", cpu_name());
    answer_whole("cores", core_count());
    answer_text("pinned", pinned);
    answer_text("agent", "native");
    answer_text("runtime", job->runtime);
    answer_text("runtime_version", ort->version);
    answer_text("provider", job->graph_count ? "CPUExecutionProvider" : "");
    answer_text("emulated", emulator());
    answer_uncontrolled("uncontrolled", pinned);
    answer_close('}');
    answer_send();
}

/* Without a temperature where none can be read. */
static void answer_waiting(const struct job *job, const double *celsius) {
    answer_begin(job->nonce, "waiting");
    if (celsius)
        answer_real("celsius", *celsius, 1);
    else
        answer_text("celsius", NULL);
    answer_send();
}

/* Lets the chip cool down before a round: for a fixed time, then until it is cool enough. */
static void rest(const struct job *job) {
    double celsius;
    for (double left = job->rest_s; left > 0;) {
        sleep_s(left < TELL_EVERY_S ? left : TELL_EVERY_S);
        left -= TELL_EVERY_S;
        /* The host takes long silence for a dead target, and only a write notices a link that
           broke. */
        if (left > 0) answer_waiting(job, hottest(&celsius) ? &celsius : NULL);
    }
    int known = hottest(&celsius);
    if (job->limit_celsius <= 0 || !known || celsius <= job->limit_celsius) return;
    int64_t end = now_ns() + LONGEST_WAIT_NS;
    while (known && celsius > job->limit_celsius - COOLER && now_ns() < end) {
        answer_waiting(job, &celsius);
        sleep_s(TELL_EVERY_S);
        known = hottest(&celsius);
    }
}

static void visit(const struct job *job, const struct ort *ort, const struct graph *graphs,
                  int64_t round, size_t index) {
    size_t count;
    const double *samples =
        time_graph(ort, &graphs[index], job->least_runs, job->least_ms, &count);
    answer_begin(job->nonce, "visit");
    answer_whole("round", round);
    answer_whole("graph", (int64_t)index);
    answer_open("ms", '[');
    for (size_t one = 0; one < count; one++) answer_real(NULL, samples[one], 6);
    answer_close(']');
    answer_send();
}

static void end_round(const struct job *job, int64_t round) {
    struct conditions read = read_conditions();
    answer_begin(job->nonce, "round");
    answer_whole("round", round);
    answer_open("conditions", '{');
    if (read.has_mhz) answer_real("mhz", read.mhz, 1);
    if (read.has_celsius) answer_real("celsius", read.celsius, 1);
    if (read.has_load) answer_real("load", read.load, 2);
    if (read.has_shares) answer_real("others", read.others, 4);
    if (read.has_shares) answer_real("stolen", read.stolen, 4);
    answer_close('}');
    answer_send();
}

static int64_t run_rounds(const struct job *job, const struct ort *ort,
                          const struct graph *graphs) {
    int64_t visits = 0;
    start_conditions();
    for (size_t one = 0; one < job->round_count; one++) {
        const struct round *round = &job->rounds[one];
        rest(job);
        for (size_t step = 0; step < round->visits; step++, visits++)
            visit(job, ort, graphs, round->number, round->order[step]);
        end_round(job, round->number);
    }
    return visits;
}

static void run_outputs(const struct job *job, const struct ort *ort, const struct graph *graphs) {
    size_t size;
    char *raw = read_file(job->input, &size);
    if (!raw) fail("cannot read the input '%s': %s", job->input, strerror(errno));
    for (size_t index = 0; index < job->graph_count; index++) {
        answer_begin(job->nonce, "outputs");
        answer_whole("graph", (int64_t)index);
        answer_outputs(ort, &graphs[index], "values", raw, size);
        answer_send();
    }
}

/* Returns the number of visits. */
static int64_t run_graphs(const struct job *job, const char *library, const char *pinned) {
    if (strcmp(job->runtime, RUNTIME))
        fail("the native agent has the runtime %s, and not %.80s", RUNTIME, job->runtime);
    if (is_task(job, "operators"))
        fail("the native agent makes no profile of operators; use 'agent: python'");
    struct ort ort = load_ort(library, job->threads);
    struct graph *graphs = allocate(job->graph_count, sizeof *graphs);
    for (size_t index = 0; index < job->graph_count; index++) {
        answer_begin(job->nonce, "loading"); /* a sign of life: a slow target takes minutes */
        answer_whole("graph", (int64_t)index);
        answer_send();
        graphs[index] = load_graph(&ort, job->graphs[index]);
    }
    answer_facts(job, &ort, pinned);
    if (is_task(job, "time")) return run_rounds(job, &ort, graphs);
    run_outputs(job, &ort, graphs);
    return 0;
}

int main(int count, char **arguments) {
    if (count != 2 && count != 3) fail("usage: agent LIBRARY, with a job as standard input");
    if (count == 3) system_root = arguments[2];
    signal(SIGPIPE, SIG_IGN); /* a broken pipe is an error of write */
    lock();
    size_t size;
    char *text = read_all(0, MOST_JOB, &size);
    if (!text) fail("cannot read the job: %s", strerror(errno));
    struct job job = parse_job(text, size);
    const char *pinned = pin(&job); /* before the runtime starts its threads */
    int64_t visits = 0;
    if (is_task(&job, "health"))
        answer_health(&job, pinned);
    else
        visits = run_graphs(&job, arguments[1], pinned);
    answer_begin(job.nonce, "done");
    answer_whole("visits", visits);
    answer_send();
    return 0;
}
