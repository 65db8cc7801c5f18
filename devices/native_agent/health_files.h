/* Settings of a system that make timings unreliable: the findings of devices/health_files.py. */
#ifndef HWNAS_HEALTH_FILES_H
#define HWNAS_HEALTH_FILES_H

#include "job.h"

/* Adds findings of the governor, turbo, the clock, the virtual machine and the quota. */
void system_findings(const struct job *job);

#endif
