/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/magic.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "diff/openings.h"

struct magic {
	uint16_t offset, len;
	const char *bytes;
	uint32_t signal;
};

#define AT(offset, text, signal)                                                                   \
	{                                                                                          \
		(offset), sizeof(text) - 1, (text), (signal)                                       \
	}

/* reference: file(1)'s magic, APPNOTE 4.3, RFC 1952, 7zFormat.txt, ar(5), RFC 8032 in PKCS 8. */
static const struct magic magics[] = {
	AT(0, "\177ELF", SL_SIGNAL_ELF),
	AT(0, "#!", SL_SIGNAL_SCRIPT),
	AT(0, "\037\213", SL_SIGNAL_ARCHIVE), /* gzip */
	AT(0, "\037\235", SL_SIGNAL_ARCHIVE), /* compress */
	AT(0, "BZh", SL_SIGNAL_ARCHIVE),      /* bzip2 */
	AT(0,
	   "\375"
	   "7zXZ",
	   SL_SIGNAL_ARCHIVE),                        /* xz */
	AT(0, "LZIP", SL_SIGNAL_ARCHIVE),             /* lzip */
	AT(0, "\050\265\057\375", SL_SIGNAL_ARCHIVE), /* zstd */
	AT(0, "\004\042\115\030", SL_SIGNAL_ARCHIVE), /* lz4 */
	AT(0, "PK\003\004", SL_SIGNAL_ARCHIVE),       /* zip, jar, apk, docx */
	AT(0, "PK\005\006", SL_SIGNAL_ARCHIVE),
	AT(0, "7z\274\257\047\034", SL_SIGNAL_ARCHIVE),
	AT(0, "Rar!\032\007", SL_SIGNAL_ARCHIVE),
	AT(0, "!<arch>\n", SL_SIGNAL_ARCHIVE), /* ar, deb */
	AT(0, "MSCF", SL_SIGNAL_ARCHIVE),
	AT(0, "070701", SL_SIGNAL_ARCHIVE), /* cpio */
	AT(0, "070702", SL_SIGNAL_ARCHIVE),
	AT(0, "070707", SL_SIGNAL_ARCHIVE),
	AT(0, "hsqs", SL_SIGNAL_ARCHIVE),             /* squashfs */
	AT(0, "\355\253\356\333", SL_SIGNAL_ARCHIVE), /* rpm */
	AT(257, "ustar", SL_SIGNAL_ARCHIVE),          /* tar */
	AT(0, "PuTTY-User-Key-F", SL_SIGNAL_KEY),
	AT(0, "AGE-SECRET-KEY-1", SL_SIGNAL_KEY),
	/* in DER: a version 0, then an algorithm (PKCS 8) or a number of 1,024 bits or more (RSA)
	 */
	AT(4, "\002\001\000\060", SL_SIGNAL_KEY),
	AT(4, "\002\001\000\002\202", SL_SIGNAL_KEY),
};

static bool begins(const uint8_t *head, size_t len, size_t offset, const char *bytes, size_t count)
{
	return offset + count <= len && head[offset] == (uint8_t)bytes[0] &&
	       memcmp(head + offset, bytes, count) == 0;
}

/* PEM: what stands behind BEGIN, or, where no more is known, what only private keys begin with. */
static bool is_pem_key(const uint8_t *head, size_t len)
{
	static const char *const starts[] = {"PRIVA", "ENCRY", "RSA P", "EC PR", "DSA P", "OPENS"};
	static const char begin[] = "-----BEGIN ";
	size_t n = sizeof(begin) - 1;

	if (memmem(head, len, "PRIVATE KEY", 11) != NULL)
		return memmem(head, len, "-BEGIN ", 7) != NULL ||
		       memmem(head, len, "- BEGIN ", 8) != NULL;
	if (len != 16 || !begins(head, len, 0, begin, n))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (memcmp(head + n, starts[i], 5) == 0)
			return true;
	return false;
}

uint64_t magic_signals(const uint8_t *head, size_t len)
{
	uint64_t signals = 0;

	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		const struct magic *m = &magics[i];

		/* four bytes inside of a DER sequence need its tag in front */
		if (m->offset == 4 &&
		    (head == NULL || len < 2 || head[0] != 0x30 || head[1] != 0x82))
			continue;
		if (begins(head, len, m->offset, m->bytes, m->len))
			signals |= m->signal;
	}
	if (len > 0 && is_pem_key(head, len))
		signals |= SL_SIGNAL_KEY;
	/* an archive's first member may be a program, and says nothing of it */
	if ((signals & SL_SIGNAL_ARCHIVE) == 0)
		signals |= (uint32_t)openings_signals(head, len);
	return signals;
}

static bool is_text(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((head[i] < 0x20 && (head[i] < '\t' || head[i] > '\r')) || head[i] == 0x7f)
			return false;
	return true;
}

/* Digits, and blanks behind or between them. */
static bool is_number(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((head[i] < '0' || head[i] > '9') && head[i] != '\n' && head[i] != ' ')
			return false;
	return len > 0;
}

/*
 * A .pyc of Python 3: the version's two bytes, CR LF, and flags. Those are 0 or 3 where an import
 * wrote it; with 1 Python runs it whatever became of its source, and never writes that by itself.
 * reference: PEP 552
 */
static bool is_bytecode(const uint8_t *head, size_t len)
{
	return len == 16 && head[2] == '\r' && head[3] == '\n' && (head[4] == 0 || head[4] == 3) &&
	       head[5] == 0 && head[6] == 0 && head[7] == 0;
}

/*
 * A mail's first record, as Postfix writes it: its sizes, filled up with blanks, or where it was
 * just dropped the time. A letter, the length of what follows, numbers.
 * reference: postfix, src/global/rec_type.h
 */
static bool is_queued_mail(const uint8_t *head, size_t len)
{
	if (len < 16)
		return false;
	for (size_t i = 2; i < 16; i++)
		if (head[i] != ' ' && (head[i] < '0' || head[i] > '9'))
			return false;
	return (head[0] == 'C' && head[1] >= 0x2f && head[1] < 0x7f && head[2] == ' ') ||
	       (head[0] == 'T' && head[1] >= 12 && head[1] <= 20);
}

/* Servers pass over what stands in front of the code: a byte order mark, blanks. */
static bool begins_server_script(const uint8_t *head, size_t len)
{
	static const char *const starts[] = {"<?php", "<?=", "<%"};
	size_t at = begins(head, len, 0, "\357\273\277", 3) ? 3 : 0;

	while (at < len && (head[at] == ' ' || (head[at] >= '\t' && head[at] <= '\r')))
		at++;
	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		size_t n = strlen(starts[i]);

		if (n <= len - at && strncasecmp((const char *)head + at, starts[i], n) == 0)
			return true;
	}
	return false;
}

/* The same in UTF-16 of either byte order: half of the bytes are zeros. */
static bool is_server_script(const uint8_t *head, size_t len)
{
	bool has_mark = begins(head, len, 0, "\377\376", 2) || begins(head, len, 0, "\376\377", 2);
	size_t at = has_mark ? 2 : 0, n = 0, first;
	uint8_t narrow[MAGIC_WINDOW / 2];

	if (begins_server_script(head, len))
		return true;
	if (len < at + 4 || (head[at] != 0) == (head[at + 1] != 0))
		return false;
	first = head[at] == 0 ? 1 : 0;
	for (; at + 1 < len && n < sizeof(narrow) && head[at + 1 - first] == 0; at += 2)
		narrow[n++] = head[at + first];
	return begins_server_script(narrow, n);
}

fact_set magic_facts(const uint8_t *head, size_t len)
{
	fact_set facts = openings_facts(head, len);

	if (is_text(head, len))
		facts |= FACT_TEXT;
	if (is_number(head, len))
		facts |= FACT_NUMBER;
	if (is_bytecode(head, len))
		facts |= FACT_BYTECODE;
	if (is_server_script(head, len))
		facts |= FACT_SERVER_SCRIPT;
	if (is_queued_mail(head, len))
		facts |= FACT_QUEUED_MAIL;
	return facts;
}
