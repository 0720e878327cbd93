/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/servercode.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"

/* What follows a mark: without it, a few bytes of random data are code now and then. */
enum after {
	AFTER_ANYTHING,
	AFTER_BLANK, /* or the end of the file */
	AFTER_TEXT,  /* $ or ` and then eight bytes that people type */
};

/*
 * Each begins with '<'; letters of either case.
 * reference: PHP manual "PHP tags"; Jakarta Server Pages 3.0, JSP.1.10 and JSP.6; ASP.NET
 * "Code Declaration Blocks".
 */
static const struct mark {
	const char *text;
	enum after after;
} marks[] = {
	{"<?php", AFTER_BLANK},
	{"<?=", AFTER_TEXT},
	{"<%@page", AFTER_BLANK},
	{"<%@ page", AFTER_BLANK},
	{"<%@ language", AFTER_ANYTHING},
	{"<jsp:scriptlet", AFTER_ANYTHING},
	{"<script language=\"php\"", AFTER_ANYTHING},
	{"<script language='php'", AFTER_ANYTHING},
	{"<script language=php", AFTER_ANYTHING},
	{"<script runat=\"server\"", AFTER_ANYTHING},
	{"<!--#exec ", AFTER_ANYTHING},
};

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_typed(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f) || is_blank(c);
}

/* @len: what is left behind the mark; nothing more comes when it is short. */
static bool follows(enum after after, const uint8_t *at, size_t len)
{
	if (after == AFTER_ANYTHING)
		return true;
	if (after == AFTER_BLANK)
		return len == 0 || is_blank(*at);
	while (len > 0 && *at == ' ') {
		at++;
		len--;
	}
	if (len == 0 || (*at != '$' && *at != '`'))
		return false;
	for (size_t i = 1; i < len && i <= 8; i++)
		if (!is_typed(at[i]))
			return false;
	return len > 1;
}

/* The second byte of a mark; most that follow '<' by chance are none. */
static bool may_follow(uint8_t c)
{
	return c == '?' || c == '%' || c == '!' || (c | 0x20) == 'j' || (c | 0x20) == 's';
}

static bool is_code(const uint8_t *at, size_t len)
{
	if (len < 2 || !may_follow(at[1]))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		size_t n = strlen(marks[i].text);

		if (n <= len && strncasecmp((const char *)at, marks[i].text, n) == 0 &&
		    follows(marks[i].after, at + n, len - n))
			return true;
	}
	return false;
}

bool servercode_in(const void *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = len > 0 ? at + len : at;

	while (at < end) {
		at = memchr(at, '<', (size_t)(end - at));
		if (at == NULL)
			return false;
		if (is_code(at, (size_t)(end - at)))
			return true;
		at++;
	}
	return false;
}

/* A mark that begins in one piece and ends in the next is found in the seam between them. */
void servercode_feed(struct servercode *s, const void *bytes, size_t len)
{
	uint8_t seam[2 * SERVERCODE_MARK_MAX];
	size_t head = len < SERVERCODE_MARK_MAX ? len : SERVERCODE_MARK_MAX;
	const uint8_t *end = seam;

	if (s->found || s->seen >= SERVERCODE_BYTES_MAX || len == 0)
		return;
	s->seen += len;
	memcpy(seam, s->tail, s->tail_len);
	memcpy(seam + s->tail_len, bytes, head);
	end += s->tail_len + head;
	s->found = servercode_in(seam, s->tail_len + head) || servercode_in(bytes, len);
	s->tail_len += head;
	if (len >= SERVERCODE_MARK_MAX)
		end = (const uint8_t *)bytes + len;
	if (s->tail_len > SERVERCODE_MARK_MAX)
		s->tail_len = SERVERCODE_MARK_MAX;
	memcpy(s->tail, end - s->tail_len, s->tail_len);
}
