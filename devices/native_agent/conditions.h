/* What the machine is like while it is measured; the same figures as devices/conditions.py, of
   what the system lets itself be read. */
#ifndef HWNAS_CONDITIONS_H
#define HWNAS_CONDITIONS_H

/* Each figure only where its `has_` is set; see devices/conditions.py for their meaning, but that
   `mhz` is the mean of those cores that this process may use: the others rest. */
struct conditions {
    int has_mhz, has_celsius, has_load, has_shares;
    double mhz, celsius, load, others, stolen;
};

/* Begins an interval for `others` and `stolen`. */
void start_conditions(void);

/* What is readable; the shares since the reading before. */
struct conditions read_conditions(void);

/* The highest temperature of all sensors in Celsius; 0 where none can be read. */
int hottest(double *celsius);

#endif
