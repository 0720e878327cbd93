/* SPDX-License-Identifier: Apache-2.0 */
/* Times as text: RFC 3339, UTC, nine digits of nanoseconds. */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <strandline/base.h>

#include "core/buf.h"

#define CLOCK_TEXT_SIZE 48

/* CLOCK_REALTIME now. */
struct sl_time clock_now(void);
/* Nanoseconds since boot, including suspend (CLOCK_BOOTTIME). */
uint64_t clock_boot_ns(void);

/* "2026-11-22T15:00:14.000204773Z"; years beyond four digits as they are, with a sign. */
void clock_format(char out[CLOCK_TEXT_SIZE], struct sl_time t);
/* The same without the fraction: "2026-11-22 15:00:14" for tables. */
void clock_format_short(char out[CLOCK_TEXT_SIZE], struct sl_time t);

/*
 * RFC 3339 with any number of fraction digits and Z or an offset. Go's zero time (year 1) parses to
 * the seconds it stands for. Returns 0, or -SL_EFORMAT.
 */
int clock_parse(struct sl_time *out, const char *text, size_t len);

/* Negative, 0, positive. */
int clock_compare(struct sl_time a, struct sl_time b);

#endif
