#include "health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "answer.h"
#include "base.h"
#include "conditions.h"
#include "cores.h"
#include "facts.h"
#include "finding.h"
#include "health_files.h"

/* As those of devices/health.py, which says why. */
static const double MOST_OTHERS = 0.10, MOST_STOLEN = 0.01, MOST_CELSIUS = 85, LEAST_MEMORY = 0.10;
static const double LEAST_BYTES = 1e9;

static void load(const struct conditions *read, const struct job *job) {
    double most = (double)(core_count() - job->threads);
    finding("load",
            read->has_load ? printed("%.2f on %lld cores", read->load, (long long)core_count())
                           : NULL,
            read->load <= (most > 0.5 ? most : 0.5),
            "wait until the programs that run now have ended, or stop them ('top' lists them)");
}

static void shares(const struct conditions *read) {
    double others = read->others * (double)core_count();
    double stolen = read->stolen * (double)core_count();
    int known = read->has_shares;
    finding("other work", known ? printed("%.0f %% of a core", 100 * others) : NULL,
            others <= MOST_OTHERS,
            "stop the other programs on this machine while measuring ('top' lists them)");
    finding("stolen time", known ? printed("%.1f %% of a core", 100 * stolen) : NULL,
            stolen <= MOST_STOLEN,
            "the hypervisor gives the cores of this machine to others: use a machine with cores of "
            "its own, or measure at a quieter time");
}

static void temperature(const struct conditions *read) {
    finding("temperature", read->has_celsius ? printed("%.0f °C", read->celsius) : NULL,
            read->celsius < MOST_CELSIUS,
            "let the machine cool down, or cool it better: near its limit a chip lowers its clock");
}

static void battery(void) {
    static const char folder[] = "/sys/class/power_supply";
    char **names, type[32], status[32] = "";
    int64_t percent = -1, online;
    int plugged = 0, has_battery = 0;
    size_t count = list_system(folder, "", &names);
    for (size_t one = 0; one < count; one++) {
        if (!read_setting(type, sizeof type, "%s/%s/type", folder, names[one])) continue;
        if (strcmp(type, "Battery")) {
            if (read_number(&online, "%s/%s/online", folder, names[one]) && online) plugged = 1;
        } else if (read_number(&percent, "%s/%s/capacity", folder, names[one])) {
            has_battery = 1;
            read_setting(status, sizeof status, "%s/%s/status", folder, names[one]);
        }
    }
    free_names(names, count);
    if (!has_battery) return finding("battery", "none", 1, "");
    plugged = plugged || !strcmp(status, "Charging") || !strcmp(status, "Full");
    finding("battery",
            printed("%lld %%, %s", (long long)percent, plugged ? "plugged in" : "on battery"),
            plugged, "plug the device in: on battery the system saves power by lower clocks");
}

/* A field of /proc/meminfo in bytes, -1 when it is not there. */
static double memory_field(const char *text, const char *name) {
    double kilobytes;
    const char *at = text ? strstr(text, name) : NULL;
    if (!at || sscanf(at + strlen(name), ": %lf", &kilobytes) != 1) return -1;
    return kilobytes * 1024;
}

static void memory(void) {
    char *text = read_system("/proc/meminfo");
    double total = memory_field(text, "MemTotal"), available = memory_field(text, "MemAvailable");
    double swapped = memory_field(text, "SwapTotal") - memory_field(text, "SwapFree");
    free(text);
    int known = total > 0 && available >= 0;
    finding("memory",
            known ? printed("%.1f of %.1f GB available, %.1f GB swapped out", available / 1e9,
                            total / 1e9, swapped / 1e9)
                  : NULL,
            available >= LEAST_MEMORY * total && swapped <= 0.1 * total,
            "close other programs: memory that is swapped out is read back during measurements");
}

static void pinning(const struct job *job, const char *pinned) {
    int *cores;
    size_t usable = usable_cores(&cores);
    const char *advice = "this system pins no threads: run nothing else on it while measuring";
    if (job->cores == CORES_ANY)
        advice = "write 'cores: auto' into the device's file, so that threads stay on their cores";
    else if (usable && usable < (size_t)job->threads)
        advice = printed("lower the device's 'threads' to %zu: this process may use no more cores",
                         usable);
    free(cores);
    finding("pinned to cores", pinned, strcmp(pinned, "no") != 0, advice);
}

/* Of the working folder, which graphs are put into. */
static void space(void) {
    struct statvfs disk;
    int known = !statvfs(".", &disk);
    double bytes = known ? (double)disk.f_bavail * (double)disk.f_frsize : 0;
    finding("free space", known ? printed("%.1f GB", bytes / 1e9) : NULL, bytes > LEAST_BYTES,
            "make room for graphs: on this machine set TMPDIR, on a remote one the device's 'folder'");
}

void answer_health(const struct job *job, const char *pinned) {
    start_conditions();
    /* An idle machine has a low clock and no time that is stolen. */
    for (int64_t end = now_ns() + 1000000000; now_ns() < end;) continue;
    struct conditions read = read_conditions();
    answer_begin(job->nonce, "health");
    answer_open("findings", '[');
    load(&read, job);
    shares(&read);
    temperature(&read);
    battery();
    memory();
    pinning(job, pinned);
    system_findings(job);
    space();
    answer_close(']');
    answer_send();
}
