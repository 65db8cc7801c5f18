/* Answers: one JSON object a line on the standard output, each with the job's nonce.

   An answer is begun, filled, and sent. In an object every value has a key, in a list none (NULL).
   When nobody reads any more, the program ends with EXIT_NOBODY. */
#ifndef HWNAS_ANSWER_H
#define HWNAS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

void answer_begin(const char *nonce, const char *event);
void answer_whole(const char *key, int64_t value);
void answer_real(const char *key, double value, int decimals);
void answer_digits(const char *key, double value, int digits); /* significant ones */
void answer_text(const char *key, const char *value);          /* null when NULL */
void answer_truth(const char *key, int value);
void answer_open(const char *key, char bracket); /* '[' or '{' */
void answer_close(char bracket);
void answer_send(void);

#endif
