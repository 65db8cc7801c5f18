/* What a target says of itself; the same texts as devices/agent.py, devices/emulation.py and
   devices/uncontrolled.py. */
#ifndef HWNAS_FACTS_H
#define HWNAS_FACTS_H

#include <stdint.h>

/* The architecture, as the system names it. */
const char *machine(void);

/* The processor, as precisely as this system names it. */
const char *cpu_name(void);

int64_t core_count(void);

/* The name of the emulator that runs this process, "" when there is none to be seen. */
const char *emulator(void);

/* Puts what was left to chance into the answer, as a list. */
void answer_uncontrolled(const char *key, const char *pinned);

#endif
