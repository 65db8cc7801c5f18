#include "conditions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base.h"
#include "cores.h"

/* Sensors of other things, in other units, are among the thermal zones of phones. */
static const double LEAST_CELSIUS = -50, MOST_CELSIUS = 200;

/* Jetson's power chip, that says 50 or 100 degrees for ever, as its zone and its hwmon are named. */
static const char *const CONSTANT[] = {"PMIC-Die", "PMIC_Die"};

struct times {
    int known;
    double others, stolen, all; /* seconds, of all cores */
};
static struct times before;

static struct times read_times(void) {
    struct times found = {0, 0, 0, 0};
    double user, nice, system, idle, waiting = 0, irq = 0, softirq = 0, stolen = 0;
    char *text = read_system("/proc/stat");
    int count = !text ? 0
                      : sscanf(text, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system,
                               &idle, &waiting, &irq, &softirq, &stolen);
    free(text);
    if (count < 4) return found;
    double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double mine = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                  (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    double busy = (user + nice + system + irq + softirq) * tick;
    found.known = 1;
    found.stolen = stolen * tick;
    found.all = busy + found.stolen + (idle + waiting) * tick;
    found.others = busy - mine;
    return found;
}

/* The mean of "cpu MHz" of /proc/cpuinfo, where x86 says it without clock settings. */
static int cpuinfo_mhz(double *mhz) {
    char *text = read_system("/proc/cpuinfo");
    double sum = 0;
    int count = 0;
    for (char *at = text; at && (at = strstr(at, "cpu MHz")); at++) {
        double one;
        char *value = at + strcspn(at, ":\n");
        if (*value == ':' && sscanf(value + 1, "%lf", &one) == 1) {
            sum += one;
            count++;
        }
    }
    free(text);
    if (!count || sum <= 0) return 0;
    *mhz = sum / count;
    return 1;
}

static int read_mhz(double *mhz) {
    int *cores, readable = 0;
    double sum = 0;
    size_t count = usable_cores(&cores);
    for (size_t one = 0; one < count; one++) {
        int64_t khz;
        if (!read_number(&khz, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq",
                         cores[one]))
            continue;
        sum += (double)khz / 1000;
        readable++;
    }
    free(cores);
    if (!readable || sum <= 0) return cpuinfo_mhz(mhz);
    *mhz = sum / readable;
    return 1;
}

static void consider(int64_t thousandths, int *found, double *celsius) {
    double one = (double)thousandths / 1000;
    if (one < LEAST_CELSIUS || one > MOST_CELSIUS || (*found && one <= *celsius)) return;
    *celsius = one;
    *found = 1;
}

/* Of a file that holds the name of a sensor. */
static int is_constant(const char *folder, const char *file) {
    char name[64];
    int known = read_setting(name, sizeof name, "%s/%s", folder, file), found = 0;
    for (size_t one = 0; known && one < sizeof CONSTANT / sizeof *CONSTANT; one++)
        found |= !strcasecmp(name, CONSTANT[one]);
    return found;
}

int hottest(double *celsius) {
    char **names;
    int found = 0;
    int64_t value;
    size_t count = list_system("/sys/class/thermal", "thermal_zone", &names);
    for (size_t one = 0; one < count; one++) {
        char *folder = printed("/sys/class/thermal/%s", names[one]);
        if (!is_constant(folder, "type") && read_number(&value, "%s/temp", folder))
            consider(value, &found, celsius);
        free(folder);
    }
    free_names(names, count);
    count = list_system("/sys/class/hwmon", "hwmon", &names);
    for (size_t one = 0; one < count; one++) {
        char **sensors = NULL, *folder = printed("/sys/class/hwmon/%s", names[one]);
        size_t known = is_constant(folder, "name") ? 0 : list_system(folder, "temp", &sensors);
        for (size_t sensor = 0; sensor < known; sensor++)
            /* 0 is what a sensor says that is not connected. */
            if (strstr(sensors[sensor], "_input") &&
                read_number(&value, "%s/%s", folder, sensors[sensor]) && value)
                consider(value, &found, celsius);
        free_names(sensors, known);
        free(folder);
    }
    free_names(names, count);
    return found;
}

void start_conditions(void) { before = read_times(); }

static double share(double part, double all) {
    double found = part / all;
    return found < 0 ? 0 : found > 1 ? 1 : found;
}

struct conditions read_conditions(void) {
    struct conditions found = {0};
    found.has_mhz = read_mhz(&found.mhz);
    found.has_celsius = hottest(&found.celsius);
    struct sysinfo system;
    if (sysinfo(&system) == 0) { /* /proc/loadavg is not for everyone on Android */
        found.has_load = 1;
        found.load = (double)system.loads[0] / 65536;
    }
    struct times now = read_times();
    double elapsed = now.all - before.all;
    if (now.known && before.known && elapsed > 0) {
        found.has_shares = 1;
        found.others = share(now.others - before.others, elapsed);
        found.stolen = share(now.stolen - before.stolen, elapsed);
    }
    before = now;
    return found;
}
