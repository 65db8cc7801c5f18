#define _GNU_SOURCE
#include "cores.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"

#define CPUS "/sys/devices/system/cpu"

/* Sets of cores as the kernel takes them; cpu_set_t itself ends at 1024 cores. */
enum { MOST_CORES = 65536, WORD = 8 * sizeof(unsigned long) };
struct set {
    unsigned long words[MOST_CORES / WORD];
};

struct core {
    int number;
    int64_t most_mhz;
};

size_t usable_cores(int **cores) {
    static struct set set;
    size_t count = 0;
    memset(&set, 0, sizeof set);
    *cores = allocate(MOST_CORES, sizeof **cores);
    if (sched_getaffinity(0, sizeof set, (cpu_set_t *)(void *)&set) < 0) return 0;
    for (int core = 0; core < MOST_CORES; core++)
        if (set.words[(size_t)core / WORD] >> ((size_t)core % WORD) & 1) (*cores)[count++] = core;
    return count;
}

static int bind(const struct core *cores, size_t count) {
    static struct set set;
    memset(&set, 0, sizeof set);
    for (size_t one = 0; one < count; one++)
        set.words[(size_t)cores[one].number / WORD] |= 1ul << ((size_t)cores[one].number % WORD);
    return sched_setaffinity(0, sizeof set, (const cpu_set_t *)(const void *)&set);
}

/* The greatest clock of a core, 0 where the system does not say. */
static int64_t most_mhz(int core) {
    int64_t khz;
    return read_number(&khz, CPUS "/cpu%d/cpufreq/cpuinfo_max_freq", core) ? khz / 1000 : 0;
}

static int slowest_first(const void *a, const void *b) {
    const struct core *x = a, *y = b;
    if (x->most_mhz != y->most_mhz) return x->most_mhz < y->most_mhz ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* "[0, 1]" */
static char *listed(const int *cores, size_t count) {
    char *text = printed("[");
    for (size_t one = 0; one < count; one++)
        text = printed("%s%s%d", text, one ? ", " : "", cores[one]);
    return printed("%s]", text);
}

const char *pin(const struct job *job) {
    if (job->cores == CORES_ANY) return "no";
    int *usable;
    size_t count = usable_cores(&usable), threads = (size_t)job->threads;
    if (job->cores == CORES_AUTO && count < threads) return "no";
    size_t known = job->cores == CORES_AUTO ? count : job->named_count;
    const int *numbers = job->cores == CORES_AUTO ? usable : job->named;
    struct core *cores = allocate(known, sizeof *cores), *chosen = cores;
    for (size_t one = 0; one < known; one++)
        cores[one] = (struct core){numbers[one], most_mhz(numbers[one])};
    if (job->cores == CORES_AUTO) {
        /* The fastest, of those the last: the first serves most interrupts. */
        qsort(cores, known, sizeof *cores, slowest_first);
        chosen = cores + (known - threads);
        known = threads;
    }
    if (bind(chosen, known) < 0) {
        if (job->cores == CORES_AUTO) return "no";
        fail("the cores %s cannot be used, only %s can; change 'cores' in the device's file",
             listed(job->named, job->named_count), listed(usable, count));
    }
    int64_t slowest = chosen[0].most_mhz;
    for (size_t one = 1; one < known; one++)
        if (chosen[one].most_mhz < slowest) slowest = chosen[one].most_mhz;
    return slowest ? printed("yes, up to %lld MHz", (long long)slowest) : "yes";
}
