/* What makes timings on a machine unreliable: the findings of devices/health.py. */
#ifndef HWNAS_HEALTH_H
#define HWNAS_HEALTH_H

#include "job.h"

/* Sends everything that can be read, after a second of work on the cores to be measured. */
void answer_health(const struct job *job, const char *pinned);

#endif
