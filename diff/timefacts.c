/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/timefacts.h"

#include <sys/stat.h>

/* The kernel's file times lag behind its clock by some milliseconds. */
#define LAG_SECONDS 2
/* A zip has local times: one from the other side of the world lies half a day ahead. */
#define AHEAD_SECONDS ((int64_t)86400)
/* Engines note the creation before or after they make the directory; clocks are set at boot. */
#define CLOCK_SECONDS ((int64_t)3600)
/*
 * What is older was given a time that stands for none: 0 and 1, the first day of zip (1980), npm's
 * (26 October 1985).
 */
#define NORMALISED_BEFORE INT64_C(499656600)

static bool has(const struct sl_entry *e, uint32_t field)
{
	return (e->fields & field) != 0;
}

/* Its bytes came to this path; copied-up and moved files keep the time that they had. */
static bool was_written(const struct sl_change *c)
{
	if (!S_ISREG(c->after->mode) || (c->signals & SL_SIGNAL_RENAMED) != 0)
		return false;
	if (c->kind == SL_CHANGE_ADDED)
		return (c->after->flags & SL_ENTRY_ORIGIN) == 0;
	return (c->fields & SL_FIELD_CONTENT) != 0 && (c->fields & SL_FIELD_MTIME) != 0;
}

/* Says that it was written before the container was made, or before it was there itself. */
static bool is_backdated(const struct sl_change *c, const struct sl_container *container)
{
	const struct sl_entry *e = c->after;
	int64_t least;

	if (!has(e, SL_ENTRY_MTIME) || !was_written(c))
		return false;
	if (container != NULL && container->has_created)
		least = container->created.sec;
	else if (has(e, SL_ENTRY_BTIME))
		least = e->btime.sec;
	else
		return false;
	return e->mtime.sec < least - LAG_SECONDS && e->mtime.sec >= NORMALISED_BEFORE;
}

/* By its own birth: of a copied-up file that of the copy. Where nobody knows it, nothing is said.
 */
static bool is_before_birth(const struct sl_change *c)
{
	const struct sl_entry *e = c->after;

	return has(e, SL_ENTRY_MTIME) && has(e, SL_ENTRY_BTIME) && was_written(c) &&
	       e->mtime.sec < e->btime.sec - LAG_SECONDS && e->mtime.sec >= NORMALISED_BEFORE;
}

/*
 * No clock gives a time without a fraction but once in a million times, unless the file system
 * keeps none: then ctime has none either. Packers and touch(1) do.
 */
static bool is_whole_second(const struct sl_change *c)
{
	const struct sl_entry *e = c->after;

	return has(e, SL_ENTRY_MTIME) && has(e, SL_ENTRY_CTIME) && was_written(c) &&
	       e->mtime.nsec == 0 && e->ctime.nsec != 0;
}

/* Nobody inside sets ctime or btime; who sets mtime sets ctime to the time of doing so. */
static bool is_impossible(const struct sl_entry *e, const struct sl_container *container)
{
	if (!has(e, SL_ENTRY_CTIME))
		return false;
	if (has(e, SL_ENTRY_MTIME) && e->mtime.sec - AHEAD_SECONDS > e->ctime.sec)
		return true;
	if (has(e, SL_ENTRY_BTIME) && e->btime.sec - LAG_SECONDS > e->ctime.sec)
		return true;
	return container != NULL && container->has_created &&
	       e->ctime.sec < container->created.sec - CLOCK_SECONDS;
}

fact_set timefacts_of(const struct sl_change *c, const struct sl_container *container)
{
	fact_set facts = 0;

	/* a volume is older than the container, and its files come from anywhere */
	if (c->after == NULL || (c->signals & SL_SIGNAL_VOLUME) != 0)
		return 0;
	if (is_backdated(c, container))
		facts |= FACT_BACKDATED;
	if (is_before_birth(c))
		facts |= FACT_BEFORE_BIRTH;
	if (is_whole_second(c))
		facts |= FACT_WHOLE_SECOND;
	if (c->kind == SL_CHANGE_MODIFIED && (c->after->flags & SL_ENTRY_ORIGIN) != 0 &&
	    (c->signals & SL_SIGNAL_RENAMED) == 0)
		facts |= FACT_IN_PLACE;
	if (is_impossible(c->after, container))
		facts |= FACT_IMPOSSIBLE_TIME;
	return facts;
}
