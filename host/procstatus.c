/* SPDX-License-Identifier: Apache-2.0 */
#include "host/procstatus.h"

#include <string.h>

#include "core/cleanup.h"

/* Values of a line: numbers, with blanks or tabs between. */
struct values {
	const char *at, *end;
};

static int digit_of(char c, unsigned int base)
{
	int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;

	return value < (int)base ? value : -1;
}

/* 0; 1: no more; negative: this is none. */
static int next_number(struct values *v, unsigned int base, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	while (v->at < v->end && (*v->at == ' ' || *v->at == '\t'))
		v->at++;
	if (v->at == v->end)
		return 1;
	for (; v->at < v->end && *v->at != ' ' && *v->at != '\t'; v->at++) {
		int digit = digit_of(*v->at, base);

		if (digit < 0 || n > (max - (uint64_t)digit) / base)
			return -SL_EFORMAT;
		n = n * base + (uint64_t)digit;
	}
	*out = n;
	return 0;
}

static bool one_number(struct values v, unsigned int base, uint64_t max, uint64_t *out)
{
	return next_number(&v, base, max, out) == 0;
}

static bool read_ids(struct values v, uint32_t out[4])
{
	for (size_t i = 0; i < 4; i++) {
		uint64_t n;

		if (next_number(&v, 10, UINT32_MAX, &n) != 0)
			return false;
		out[i] = (uint32_t)n;
	}
	return true;
}

static void read_groups(struct procstatus *s, struct values v)
{
	uint64_t n;

	s->group_count = 0;
	while (next_number(&v, 10, UINT32_MAX, &n) == 0) {
		if (s->group_count < PROCSTATUS_GROUPS_MAX)
			s->groups[s->group_count] = (uint32_t)n;
		s->group_count++;
	}
}

static void read_inner(struct procstatus *s, struct values v)
{
	uint64_t n;

	s->inner_count = 0;
	while (s->inner_count < PROCSTATUS_PIDS_MAX && next_number(&v, 10, INT64_MAX, &n) == 0)
		s->inner[s->inner_count++] = (int64_t)n;
}

static const struct {
	const char *key, *name;
} caps[PROCSTATUS_CAPS] = {
	{"CapInh", "inheritable"}, {"CapPrm", "permitted"}, {"CapEff", "effective"},
	{"CapBnd", "bounding"},    {"CapAmb", "ambient"},
};

const char *procstatus_cap_name(size_t i)
{
	return caps[i].name;
}

static bool is(const char *key, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(key, word, len) == 0;
}

/* What more than one line says is known when all of them were understood. */
struct seen {
	unsigned int caps; /* how many of them */
	bool uid, gid;
};

static void read_line(struct procstatus *s, struct seen *seen, const char *key, size_t len,
		      struct values v)
{
	uint64_t n;

	for (size_t i = 0; i < PROCSTATUS_CAPS; i++)
		if (is(key, len, caps[i].key) && one_number(v, 16, UINT64_MAX, &s->caps[i]))
			seen->caps |= 1u << i;
	if (is(key, len, "Pid") && one_number(v, 10, INT64_MAX, &n))
		s->pid = (int64_t)n;
	else if (is(key, len, "TracerPid") && one_number(v, 10, INT64_MAX, &n))
		s->tracer = (int64_t)n;
	else if (is(key, len, "Threads"))
		(void)one_number(v, 10, UINT64_MAX, &s->threads);
	else if (is(key, len, "NoNewPrivs") && one_number(v, 10, 9, &n))
		s->no_new_privs = (int)n;
	else if (is(key, len, "Seccomp") && one_number(v, 10, 9, &n))
		s->seccomp = (int)n;
	else if (is(key, len, "NSpid"))
		read_inner(s, v);
	else if (is(key, len, "Groups"))
		read_groups(s, v);
	else if (is(key, len, "Uid"))
		seen->uid = read_ids(v, s->uid);
	else if (is(key, len, "Gid"))
		seen->gid = read_ids(v, s->gid);
	else if (is(key, len, "State") && v.at < v.end) {
		while (v.at < v.end && (*v.at == '\t' || *v.at == ' '))
			v.at++;
		s->state = v.at < v.end && *v.at >= 'A' && *v.at <= 'z' ? *v.at : '\0';
	}
}

int procstatus_parse(struct procstatus *out, const char *text, size_t len, struct sl_error *err)
{
	const char *at = text, *end = text + len;
	struct seen seen = {0};

	*out = (struct procstatus){.no_new_privs = -1, .seccomp = -1};
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		const char *stop = feed != NULL ? feed : end;
		const char *colon = memchr(at, ':', (size_t)(stop - at));

		if (colon != NULL)
			read_line(out, &seen, at, (size_t)(colon - at),
				  (struct values){colon + 1, stop});
		at = stop + (feed != NULL);
	}
	out->has_caps = seen.caps == (1u << PROCSTATUS_CAPS) - 1;
	out->has_ids = seen.uid && seen.gid;
	return out->pid > 0 ? 0 : sl_fail(err, SL_EFORMAT, 0, "no status of a process");
}
