#include "health_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "cores.h"
#include "finding.h"

#define CPUS "/sys/devices/system/cpu"

/* As that of devices/health_files.py, which says why. */
static const double LEAST_CLOCK = 0.7;

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void governor(const int *cores, size_t count) {
    char **found = allocate(count, sizeof *found), text[64], *value = NULL;
    size_t known = 0;
    for (size_t one = 0; one < count; one++) {
        size_t same = 0;
        if (!read_setting(text, sizeof text, CPUS "/cpu%d/cpufreq/scaling_governor", cores[one]))
            continue;
        while (same < known && strcmp(found[same], text)) same++;
        if (same == known) found[known++] = printed("%s", text);
    }
    qsort(found, known, sizeof *found, by_name);
    for (size_t one = 0; one < known; one++)
        value = one ? printed("%s, %s", value, found[one]) : found[one];
    finding("governor", value, known == 1 && !strcmp(value, "performance"),
            "run 'echo performance | sudo tee " CPUS "/cpu*/cpufreq/scaling_governor', so that "
            "the clock stays up");
}

static void turbo(void) {
    /* The one file says what is off, the other what is on. */
    static const struct {
        const char *file, *on, *off;
    } settings[] = {{CPUS "/intel_pstate/no_turbo", "0", "1"}, {CPUS "/cpufreq/boost", "1", "0"}};
    char said[16];
    for (size_t one = 0; one < sizeof settings / sizeof *settings; one++) {
        if (!read_setting(said, sizeof said, "%s", settings[one].file)) continue;
        int on = !strcmp(said, settings[one].on);
        finding("turbo", on ? "on" : "off", !on,
                printed("run 'echo %s | sudo tee %s' for timings that do not depend on the "
                        "temperature, unless the network will be used with it",
                        settings[one].off, settings[one].file));
        return;
    }
    finding("turbo", NULL, 1, "");
}

/* The core nearest to its maximum: the one that has just been busy. */
static void clock_under_load(const int *cores, size_t count) {
    double share = 0;
    char *value = NULL;
    for (size_t one = 0; one < count; one++) {
        int64_t now, most;
        if (!read_number(&now, CPUS "/cpu%d/cpufreq/scaling_cur_freq", cores[one])) continue;
        if (!read_number(&most, CPUS "/cpu%d/cpufreq/scaling_max_freq", cores[one]) || most <= 0)
            if (!read_number(&most, CPUS "/cpu%d/cpufreq/cpuinfo_max_freq", cores[one])) continue;
        if (now <= 0 || most <= 0 || (double)now / (double)most < share) continue;
        share = (double)now / (double)most;
        value = printed("%.0f of %.0f MHz", (double)now / 1000, (double)most / 1000);
    }
    finding("clock under load", value, share >= LEAST_CLOCK,
            "something slows the chip down: let it cool, and check its power limit and its "
            "governor");
}

static void virtual_machine(void) {
    char type[64], *text = read_system("/proc/cpuinfo");
    int hypervisor = read_setting(type, sizeof type, "/sys/hypervisor/type");
    const char *flags = text ? strstr(text, "flags") : NULL;
    int known = hypervisor || flags; /* Arm does not say */
    int found = hypervisor || (flags && strstr(flags, " hypervisor"));
    finding("virtual machine", !known ? NULL : found ? "yes" : "no", !found,
            "its host may serve others at the same time, which cannot be seen from inside: judge by "
            "the noise below, or measure on a machine of your own");
    free(text);
}

/* The least of the limits that control groups (version 2) set, in cores. */
static void quota(const struct job *job) {
    char *text = read_system("/proc/self/cgroup"), limit[64];
    char *path = text ? strstr(text, "0::/") : NULL;
    double least = 0;
    int readable = 0;
    if (path) {
        path += strlen("0::");
        path[strcspn(path, "\n")] = 0;
    }
    while (path) {
        double share, period;
        if (read_setting(limit, sizeof limit, "/sys/fs/cgroup%s/cpu.max", path)) {
            readable = 1;
            if (sscanf(limit, "%lf %lf", &share, &period) == 2 && period > 0)
                least = !least || share / period < least ? share / period : least;
        }
        char *last = strrchr(path, '/');
        if (!last) break;
        *last = 0; /* the group above; "" is the root */
    }
    free(text);
    finding("quota of processor time",
            !readable ? NULL : !least ? "none" : printed("%.2g cores", least),
            !least || least >= job->threads + 1, /* one for everything else */
            printed("give the container %d cores or more ('docker run --cpus=%d'): it is stopped in "
                    "the middle of an inference when its quota is used up",
                    job->threads + 1, job->threads + 1));
}

void system_findings(const struct job *job) {
    int *cores;
    size_t count = usable_cores(&cores);
    governor(cores, count);
    turbo();
    clock_under_load(cores, count);
    virtual_machine();
    quota(job);
    free(cores);
}
