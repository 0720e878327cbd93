/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/openings.h"

#include <string.h>

#include "core/cleanup.h"

static bool begins(const uint8_t *head, size_t len, const char *text)
{
	size_t n = strlen(text);

	return n <= len && memcmp(head, text, n) == 0;
}

/* The kernel runs no such file, but shells do, and "sh FILE" passes over it. */
static bool is_late_script(const uint8_t *head, size_t len)
{
	size_t at = begins(head, len, "\357\273\277") ? 3 : 0;

	while (at < len && (head[at] == ' ' || (head[at] >= '\t' && head[at] <= '\r')))
		at++;
	return begins(head + at, len - at, "#!/") || begins(head + at, len - at, "#! /");
}

/* A header of an ELF file behind other bytes, as a loader that cuts them off leaves it. */
static bool has_late_elf(const uint8_t *head, size_t len)
{
	const uint8_t *at = head, *end = head + len;

	while (end - at >= 16 && (at = memchr(at, 0x7f, (size_t)(end - at) - 15)) != NULL) {
		/* class, byte order, version, and padding at the end of these 16 bytes */
		if (memcmp(at + 1, "ELF", 3) == 0 && (at[4] == 1 || at[4] == 2) &&
		    (at[5] == 1 || at[5] == 2) && at[6] == 1 &&
		    memcmp(at + 9, "\0\0\0\0\0\0\0", 7) == 0)
			return true;
		at++;
	}
	return false;
}

uint64_t openings_signals(const uint8_t *head, size_t len)
{
	uint64_t signals = 0;

	if (len == 0)
		return 0;
	if (is_late_script(head, len))
		signals |= SL_SIGNAL_SCRIPT;
	if (has_late_elf(head, len))
		signals |= SL_SIGNAL_ELF;
	return signals;
}

/* The first account and its password; "x" says that this stands elsewhere. */
static bool is_passwords(const uint8_t *head, size_t len)
{
	static const char root[] = "root:";
	size_t at = sizeof(root) - 1;

	if (!begins(head, len, root) || len < at + 2)
		return false;
	return strchr("$*!:_", head[at]) != NULL ||
	       (head[at] != 'x' && memchr(head + at, ':', len - at) == NULL);
}

/* Programs and archives in letters: base64 of ELF and gzip, either in hexadecimal digits. */
static bool is_encoded(const uint8_t *head, size_t len)
{
	static const char *const starts[] = {"f0VMRgE",     "f0VMRgI",         "7f454c46010",
					     "7f454c46020", "7F454C4601",      "7F454C4602",
					     "\\x7fELF",    "\\x7f\\x45\\x4c", "\\177ELF",
					     "IyEvYmlu",    "IyEvdXNy"};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (begins(head, len, starts[i]))
			return true;
	return false;
}

static bool is_hex(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((head[i] < '0' || head[i] > '9') && (head[i] < 'a' || head[i] > 'f'))
			return false;
	return len >= 16;
}

fact_set openings_facts(const uint8_t *head, size_t len)
{
	fact_set facts = 0;

	if (is_passwords(head, len))
		facts |= FACT_PASSWORDS;
	if (is_encoded(head, len))
		facts |= FACT_ENCODED;
	if (is_hex(head, len))
		facts |= FACT_HEX;
	return facts;
}
