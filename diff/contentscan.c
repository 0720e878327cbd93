/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/contentscan.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/innerprogram.h"
#include "diff/minercode.h"
#include "diff/shellcode.h"

/* A miner's settings stand in its beginning. */
#define SETTINGS_WITHIN ((uint64_t)64 << 10)

/* What people write by hand, or have written for them. */
#define TEXT_WITHIN ((uint64_t)1 << 20)
#define LINES_MAX 1024

/* ---- one piece ---- */

static void find_code(struct contentscan *s, const uint8_t *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = bytes + len;

	while (at < end && (s->signals & SL_SIGNAL_SERVER_CODE) == 0) {
		at = memchr(at, '<', (size_t)(end - at));
		if (at == NULL || at + 1 == end)
			return;
		/* most that follow by chance begin no mark */
		if (at[1] == 0 || strchr(SERVERCODE_SECOND, at[1]) != NULL) {
			s->looked++;
			if (servercode_at(at, (size_t)(end - at)))
				s->signals |= SL_SIGNAL_SERVER_CODE;
		}
		at++;
	}
}

static void find_pool(struct contentscan *s, const uint8_t *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = bytes + len;

	while (at < end && (s->signals & SL_SIGNAL_MINER) == 0) {
		at = memchr(at, '+', (size_t)(end - at));
		if (at == NULL)
			return;
		if (minercode_is_pool(bytes, at, end))
			s->signals |= SL_SIGNAL_MINER;
		at++;
	}
}

/* Every program has a header at its beginning: one of those holds no other. */
static void find_programs(struct contentscan *s, const uint8_t *bytes, size_t len)
{
	size_t left = LINES_MAX - s->lines;

	if ((s->signals & SL_SIGNAL_PROGRAM_INSIDE) == 0 && !s->is_program &&
	    (innerprogram_has_header(bytes, len) ||
	     (s->may_mine && innerprogram_has_letters(bytes, len))))
		s->signals |= SL_SIGNAL_PROGRAM_INSIDE;
	if (s->is_program || !s->may_mine || s->seen > TEXT_WITHIN ||
	    (s->signals & SL_SIGNAL_SHELL_CODE) != 0)
		return;
	if (shellcode_has(bytes, len, &left))
		s->signals |= SL_SIGNAL_SHELL_CODE;
	s->lines = LINES_MAX - left;
}

static void look(struct contentscan *s, const uint8_t *bytes, size_t len)
{
	find_code(s, bytes, len);
	/* of the calls in front of the first mark few are any */
	if ((s->signals & SL_SIGNAL_SERVER_CODE) != 0 && (s->signals & SL_SIGNAL_RUNS_INPUT) == 0 &&
	    servercode_runs_input(bytes, len))
		s->signals |= SL_SIGNAL_RUNS_INPUT;
	if (s->may_mine)
		find_pool(s, bytes, len);
	find_programs(s, bytes, len);
	if (s->is_object && s->seen <= SETTINGS_WITHIN) {
		s->settings |= minercode_settings(bytes, len);
		if (minercode_is_config(s->settings))
			s->signals |= SL_SIGNAL_MINER;
	}
}

/* ---- pieces ---- */

static bool is_object(const uint8_t *bytes, size_t len)
{
	size_t at = 0;

	while (at < len && (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r')))
		at++;
	return at < len && bytes[at] == '{';
}

static bool is_program(const uint8_t *bytes, size_t len)
{
	return len >= 4 && memcmp(bytes, "\177ELF", 4) == 0;
}

/* Programs and texts: not what is packed, which is most of what is large and shows nothing. */
static bool may_mine(const uint8_t *bytes, size_t len)
{
	const size_t most = len < 16 ? len : 16;

	if (is_program(bytes, len))
		return true;
	for (size_t i = 0; i < most; i++)
		if (bytes[i] < '\t' || bytes[i] == 0x7f || (bytes[i] > '\r' && bytes[i] < ' '))
			return false;
	return true;
}

/* What begins in one piece and ends in the next is found in the seam between them. */
static void look_across(struct contentscan *s, const uint8_t *bytes, size_t len)
{
	uint8_t seam[2 * SERVERCODE_MARK_MAX];
	size_t head = len < SERVERCODE_MARK_MAX ? len : SERVERCODE_MARK_MAX;

	if (s->tail_len == 0)
		return;
	memcpy(seam, s->tail, s->tail_len);
	memcpy(seam + s->tail_len, bytes, head);
	look(s, seam, s->tail_len + head);
}

static void keep_tail(struct contentscan *s, const uint8_t *bytes, size_t len)
{
	size_t kept = SERVERCODE_MARK_MAX - (len < SERVERCODE_MARK_MAX ? len : SERVERCODE_MARK_MAX);

	if (kept > s->tail_len)
		kept = s->tail_len;
	memmove(s->tail, s->tail + s->tail_len - kept, kept);
	if (len > SERVERCODE_MARK_MAX) {
		bytes += len - SERVERCODE_MARK_MAX;
		len = SERVERCODE_MARK_MAX;
	}
	memcpy(s->tail + kept, bytes, len);
	s->tail_len = kept + len;
}

/* Neither in the beginning of the file nor in its end, or more was looked at than there should be.
 */
static bool is_left_out(const struct contentscan *s, size_t len)
{
	uint64_t end = s->seen + len;

	if (s->looked >= CONTENTSCAN_PLACES_MAX)
		return true;
	return s->seen >= CONTENTSCAN_HEAD &&
	       (s->size <= CONTENTSCAN_TAIL || end <= s->size - CONTENTSCAN_TAIL);
}

void contentscan_feed(struct contentscan *s, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	if (s->seen == 0) {
		s->is_object = is_object(bytes, len);
		s->may_mine = may_mine(bytes, len);
		s->is_program = is_program(bytes, len);
	}
	if (is_left_out(s, len)) {
		s->signals |= SL_SIGNAL_PARTLY_SEARCHED;
	} else {
		look_across(s, bytes, len);
		look(s, bytes, len);
	}
	s->seen += len;
	keep_tail(s, bytes, len);
}

static const struct {
	uint64_t signal;
	uint32_t flag;
} both[] = {
	{SL_SIGNAL_SERVER_CODE, SL_ENTRY_SERVER_CODE},
	{SL_SIGNAL_RUNS_INPUT, SL_ENTRY_RUNS_INPUT},
	{SL_SIGNAL_MINER, SL_ENTRY_MINER},
	{SL_SIGNAL_PARTLY_SEARCHED, SL_ENTRY_PARTLY_SEARCHED},
	{SL_SIGNAL_SHELL_CODE, SL_ENTRY_SHELL_CODE},
	{SL_SIGNAL_PROGRAM_INSIDE, SL_ENTRY_PROGRAM_INSIDE},
};

uint32_t contentscan_flags(uint64_t signals)
{
	uint32_t out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		out |= (signals & both[i].signal) != 0 ? both[i].flag : 0;
	return out;
}

uint64_t contentscan_signals(uint32_t flags)
{
	uint64_t out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		out |= (flags & both[i].flag) != 0 ? both[i].signal : 0;
	return out;
}
