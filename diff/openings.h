/* SPDX-License-Identifier: Apache-2.0 */
/* What the first bytes of a file show that is no format of its own. */
#ifndef DIFF_OPENINGS_H
#define DIFF_OPENINGS_H

#include "diff/facts.h"

/* SL_SIGNAL_SCRIPT and _ELF for programs with something in front of them. */
uint64_t openings_signals(const uint8_t *head, size_t len);

/* FACT_PASSWORDS, _ENCODED and _HEX; 16 bytes are enough. */
fact_set openings_facts(const uint8_t *head, size_t len);

#endif
