/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/glob.h"

struct cursor {
	const char *pattern, *pattern_end;
	const char *text, *text_end;
};

/* A "**" component begins at @p; its length with the slash behind it, if there is one. */
static size_t deep_len(const char *p, const char *start, const char *end)
{
	if (end - p < 2 || p[0] != '*' || p[1] != '*' || (p > start && p[-1] != '/'))
		return 0;
	if (end - p == 2)
		return 2;
	return p[2] == '/' ? 3 : 0;
}

/* Past the next slash; NULL when there is none. */
static const char *next_component(const char *text, const char *end)
{
	for (; text < end; text++)
		if (*text == '/')
			return text + 1;
	return NULL;
}

bool glob_match(const char *pattern, size_t pattern_len, const char *text, size_t text_len)
{
	struct cursor c = {pattern, pattern + pattern_len, text, text + text_len};
	/* where to try again: after the last "**" at a later component, and after the last "*" in
	 * this component one byte further on */
	const char *deep_pattern = NULL, *deep_text = NULL;
	const char *star_pattern = NULL, *star_text = NULL;

	for (;;) {
		size_t deep = deep_len(c.pattern, pattern, c.pattern_end);

		if (deep == 2)
			return c.text < c.text_end;
		if (deep == 3) {
			c.pattern += deep;
			deep_pattern = c.pattern;
			deep_text = c.text;
			star_pattern = NULL;
			continue;
		}
		if (c.pattern < c.pattern_end && *c.pattern == '*') {
			star_pattern = ++c.pattern;
			star_text = c.text;
			continue;
		}
		if (c.pattern == c.pattern_end && c.text == c.text_end)
			return true;
		if (c.pattern < c.pattern_end && c.text < c.text_end &&
		    (*c.pattern == *c.text || (*c.pattern == '?' && *c.text != '/'))) {
			if (*c.pattern == '/')
				star_pattern = NULL; /* this component is settled */
			c.pattern++;
			c.text++;
			continue;
		}
		if (star_pattern != NULL && star_text < c.text_end && *star_text != '/') {
			c.pattern = star_pattern;
			c.text = ++star_text;
			continue;
		}
		if (deep_pattern == NULL)
			return false;
		deep_text = next_component(deep_text, c.text_end);
		if (deep_text == NULL)
			return false;
		c.pattern = deep_pattern;
		c.text = deep_text;
		star_pattern = NULL;
	}
}
