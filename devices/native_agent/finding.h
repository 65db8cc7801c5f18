/* One finding of the task "health". */
#ifndef HWNAS_FINDING_H
#define HWNAS_FINDING_H

/* Adds a finding to the list that is being sent; its value is NULL when it cannot be read. */
void finding(const char *name, const char *value, int ok, const char *advice);

#endif
