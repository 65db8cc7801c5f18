/* What on a machine will make timings unreliable: the findings of devices/health.py. */
#ifndef HWNAS_HEALTH_H
#define HWNAS_HEALTH_H

#include "job.h"

/* Sends everything that is readable, after a second of work on the cores to be measured. */
void answer_health(const struct job *job, const char *pinned);

/* Puts a finding into a list; its value is NULL when it is not readable here. */
void finding(const char *name, const char *value, int ok, const char *advice);

/* Settings of the system: governor, turbo, clock, virtual machine and quota. */
void system_findings(const struct job *job);

#endif
