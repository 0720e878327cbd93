/* SPDX-License-Identifier: Apache-2.0 */
#include "host/attempt.h"

#include <stdlib.h>
#include <string.h>

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/*
 * A pod that was deleted and made again is the same to people: uids only count for the age. Rows
 * without a pod come first.
 */
static int compare_containers(const struct store_name *a, const struct store_name *b)
{
	int order = (a->pod != NULL) - (b->pod != NULL);

	if (order != 0 || a->pod == NULL)
		return order;
	order = compare_texts(a->pod->ns, b->pod->ns);
	if (order == 0)
		order = compare_texts(a->pod->name, b->pod->name);
	return order != 0 ? order : compare_texts(a->pod->container, b->pod->container);
}

static int compare_rows(const void *x, const void *y)
{
	const struct store_name *a = *(const struct store_name *const *)x;
	const struct store_name *b = *(const struct store_name *const *)y;
	int order = compare_containers(a, b);

	return order != 0 ? order : (a > b) - (a < b); /* as they stand in their list */
}

/* Attempts count up within one pod; only time orders those of two. */
static int compare_age(const struct store_name *a, const struct store_name *b)
{
	int by_attempt = (a->pod->attempt > b->pod->attempt) - (a->pod->attempt < b->pod->attempt);
	int by_time = (a->made.sec > b->made.sec) - (a->made.sec < b->made.sec);

	if (by_time == 0)
		by_time = (a->made.nsec > b->made.nsec) - (a->made.nsec < b->made.nsec);
	if (compare_texts(a->pod->uid, b->pod->uid) == 0)
		return by_attempt != 0 ? by_attempt : by_time;
	return by_time != 0 ? by_time : by_attempt;
}

/* Should @a be taken rather than @b? */
static bool is_better(const struct store_name *a, const struct store_name *b)
{
	return a->running != b->running ? a->running : compare_age(a, b) > 0;
}

/* The best attempt of these, of those that are older than @before and, if asked, number N. */
static const struct store_name *best_of(const struct store_name **rows, size_t count,
					const struct store_name *before, const uint32_t *number)
{
	const struct store_name *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct store_name *row = rows[i];

		if (before != NULL && (row == before || compare_age(row, before) > 0))
			continue;
		if (number != NULL && row->pod->attempt != *number)
			continue;
		if (best == NULL || is_better(row, best))
			best = row;
	}
	return best;
}

static const struct store_name *choose(const struct store_name **rows, size_t count,
				       const struct word *word)
{
	switch (word->pick) {
	case ATTEMPT_NUMBER:
		return best_of(rows, count, NULL, &word->attempt);
	case ATTEMPT_PREVIOUS:
		return best_of(rows, count, best_of(rows, count, NULL, NULL), NULL);
	case ATTEMPT_BEST:
		break;
	}
	return best_of(rows, count, NULL, NULL);
}

size_t attempts_settle(const struct store_name **rows, size_t count, const struct word *word)
{
	size_t kept = 0, end;

	if (count > 1)
		qsort((void *)rows, count, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < count; i = end) {
		const struct store_name *chosen;

		for (end = i + 1; end < count; end++)
			if (rows[i]->pod == NULL || compare_containers(rows[i], rows[end]) != 0)
				break;
		chosen = rows[i]->pod == NULL ? rows[i] : choose(rows + i, end - i, word);
		if (chosen != NULL)
			rows[kept++] = chosen;
	}
	return kept;
}
