/* Which cores a job runs on; chooses and says what devices/affinity.py does. */
#ifndef HWNAS_CORES_H
#define HWNAS_CORES_H

#include <stddef.h>

#include "job.h"

/* Binds this process, and the threads it will start. Returns "no", "yes", or "yes, up to N MHz";
   ends the program with a sentence when cores that were named cannot be had. */
const char *pin(const struct job *job);

/* The cores that this process may use, in order; their count. */
size_t usable_cores(int **cores);

#endif
