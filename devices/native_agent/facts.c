#define _GNU_SOURCE
#include "facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __ANDROID__
#include <sys/system_properties.h>
#endif

#include "answer.h"
#include "base.h"
#include "conditions.h"

#define CPUS "/sys/devices/system/cpu"
enum { MOST_CORES = 65536 };

const char *machine(void) {
    struct utsname said;
    return uname(&said) < 0 ? "" : printed("%s", said.machine);
}

/* How many numbers a list of the kernel holds, as in "0-3,6"; 0 when it is none. */
static int64_t count_listed(char *text) {
    int64_t count = 0;
    for (char *part; (part = strsep(&text, ","));) {
        int64_t first, last;
        char *start = strsep(&part, "-");
        if (!whole(start, MOST_CORES, &first)) return 0;
        last = first;
        if (part && !whole(part, MOST_CORES, &last)) return 0;
        count += last - first + 1;
    }
    return count;
}

/* Those that are switched off too; not those "configured", see devices/agent.py. */
int64_t core_count(void) {
    char text[256];
    int64_t present = read_setting(text, sizeof text, CPUS "/present") ? count_listed(text) : 0;
    if (present > 0) return present;
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? count : 1;
}

/* The different values of a field of /proc/cpuinfo in the order they come, NULL when none. */
static char *field(const char *text, const char *name, const char *between) {
    char *found = NULL, **known = NULL;
    size_t count = 0, room = 0;
    char *copy = printed("%s", text), *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *value = strchr(line, ':');
        if (!value) continue;
        *value++ = 0;
        if (strcmp(stripped(line), name)) continue;
        value = stripped(value);
        size_t one = 0;
        while (one < count && strcmp(known[one], value)) one++;
        if (one < count) continue;
        known = grown(known, count, &room, sizeof *known);
        known[count++] = value;
        found = found ? printed("%s%s%s", found, between, value) : printed("%s", value);
    }
    return found;
}

const char *cpu_name(void) {
    static const char *const names[] = {"cpu family", "model", "stepping", "CPU implementer",
                                        "CPU part"};
    char *text = read_system("/proc/cpuinfo"), *value;
    if (!text) return machine();
    char *found = field(text, "model name", ", ");
    for (size_t one = 0; one < sizeof names / sizeof *names; one++)
        if ((value = field(text, names[one], "+")))
            found = printed("%s%s%s %s", found ? found : "", found ? ", " : "", names[one], value);
    return found && *found ? found : machine();
}

/* User-mode QEMU answers /proc/self/exe with the program it runs, but not a thread's link. */
static const char *user_emulator(void) {
    static const char *const prefixes[] = {"qemu-", "box64", "FEXInterpreter", "rosetta"};
    static char program[4096];
    char *path = printed("%s/proc/self/task/%ld/exe", system_root, (long)getpid());
    ssize_t length = readlink(path, program, sizeof program - 1);
    if (length <= 0) return "";
    program[length] = 0;
    const char *name = strrchr(program, '/') ? strrchr(program, '/') + 1 : program;
    for (size_t one = 0; one < sizeof prefixes / sizeof *prefixes; one++)
        if (!strncmp(name, prefixes[one], strlen(prefixes[one]))) return name;
    return "";
}

static int android_emulator(void) {
#ifdef __ANDROID__
    char value[PROP_VALUE_MAX] = "";
    if (__system_property_get("ro.kernel.qemu", value) > 0 && !strcmp(value, "1")) return 1;
    if (__system_property_get("ro.boot.qemu", value) > 0 && !strcmp(value, "1")) return 1;
#endif
    char *path = printed("%s/dev/goldfish_pipe", system_root);
    return access(path, F_OK) == 0;
}

const char *emulator(void) {
    static const char *const arms[] = {"aarch64", "arm64", "armv7l", "armv8l"};
    const char *found = user_emulator(), *name = machine();
    if (*found) return found;
    if (android_emulator()) return "the Android emulator";
    char *text = read_system("/proc/cpuinfo");
    for (size_t one = 0; text && one < sizeof arms / sizeof *arms; one++)
        if (!strcmp(name, arms[one]) && strstr(text, "vendor_id")) /* a field of x86 */
            return "an emulator on x86";
    return "";
}

/* Whether every core that says its governor says "performance". */
static int governed(void) {
    char **names, text[64];
    size_t count = list_system(CPUS, "cpu", &names), readable = 0, fixed = 0;
    for (size_t one = 0; one < count; one++) {
        if (!read_setting(text, sizeof text, CPUS "/%s/cpufreq/scaling_governor", names[one]))
            continue;
        readable++;
        fixed += !strcmp(text, "performance");
    }
    free_names(names, count);
    return readable && fixed == readable;
}

void answer_uncontrolled(const char *key, const char *pinned) {
    struct conditions read = read_conditions();
    answer_open(key, '[');
    if (!strcmp(pinned, "no")) answer_text(NULL, "pinning");
    if (!governed()) answer_text(NULL, "governor");
    if (!read.has_mhz) answer_text(NULL, "clock");
    if (!read.has_celsius) answer_text(NULL, "temperature");
    answer_close(']');
}
