/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/openings.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/innerprogram.h"

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

	for (; end - at >= INNERPROGRAM_IDENT; at++) {
		at = memchr(at, 0x7f, (size_t)(end - at) - (INNERPROGRAM_IDENT - 1));
		if (at == NULL)
			return false;
		if (innerprogram_is_ident(at))
			return true;
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

/* A line of /etc/shadow: a hash with its kind, or a locked account and when that was written. */
static bool is_shadow_line(const uint8_t *head, size_t len)
{
	size_t at = 0;

	while (at < len && ((head[at] >= 'a' && head[at] <= 'z') || head[at] == '_' ||
			    (at > 0 && ((head[at] >= '0' && head[at] <= '9') || head[at] == '-'))))
		at++;
	if (at == 0 || len - at < 4 || head[at] != ':')
		return false;
	if (head[at + 1] == '$')
		return head[at + 2] != '$' && (head[at + 3] == '$' || head[at + 3] == 'y' ||
					       head[at + 3] == 'a' || head[at + 3] == 'b');
	for (at++; at < len && (head[at] == '*' || head[at] == '!'); at++)
		;
	return head[at - 1] != ':' && len - at >= 5 && head[at] == ':' && head[at + 1] >= '0' &&
	       head[at + 1] <= '9' && head[at + 2] >= '0' && head[at + 2] <= '9' &&
	       head[at + 3] >= '0' && head[at + 3] <= '9' && head[at + 4] >= '0' &&
	       head[at + 4] <= '9';
}

/* The first account and its password; "x" says that this stands elsewhere. */
static bool is_passwords(const uint8_t *head, size_t len)
{
	/* in base64: "root:" and "$", "*", "!" */
	static const char *const encoded[] = {"cm9vdDok", "cm9vdDoq", "cm9vdDoh"};
	static const char root[] = "root:";
	size_t at = sizeof(root) - 1;

	for (size_t i = 0; i < ARRAY_SIZE(encoded); i++)
		if (begins(head, len, encoded[i]))
			return true;
	if (is_shadow_line(head, len))
		return true;
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

static const struct opening {
	const char *bytes;
	uint8_t len;
	fact_set fact;
} openings[] = {
#define OPENS(text, fact)                                                                          \
	{                                                                                          \
		(text), sizeof(text) - 1, (fact)                                                   \
	}
	/* a JSON Web Token, whose header is {"alg": or {"typ":; keys of Amazon's and Google's
	   clouds */
	OPENS("eyJhbGciOi", FACT_SECRETS),
	OPENS("eyJ0eXAiOi", FACT_SECRETS),
	OPENS("[default]\naws_ac", FACT_SECRETS),
	OPENS("aws_access_key_i", FACT_SECRETS),
	OPENS("aws_secret_acces", FACT_SECRETS),
	OPENS("AWS_SECRET_ACCES", FACT_SECRETS),
	OPENS("{\"type\": \"servic", FACT_SECRETS),
	OPENS("{\n  \"type\": \"ser", FACT_SECRETS),
	/* KeePass 2 and 1; GNOME's keyring */
	OPENS("\003\331\242\232g\373K\265", FACT_SECRETS),
	OPENS("\003\331\242\232e\373K\265", FACT_SECRETS),
	OPENS("GnomeKeyring\n\r\0\n", FACT_SECRETS),
	/* pcap in both byte orders and precisions, pcapng */
	OPENS("\324\303\262\241", FACT_PACKETS),
	OPENS("\241\262\303\324", FACT_PACKETS),
	OPENS("\115\074\262\241", FACT_PACKETS),
	OPENS("\n\r\r\n", FACT_PACKETS),
	OPENS("-- MySQL dump", FACT_DUMP),
	OPENS("-- MariaDB dump", FACT_DUMP),
	OPENS("-- PostgreSQL d", FACT_DUMP),
	OPENS("--\n-- PostgreSQL", FACT_DUMP),
	OPENS("PGDMP", FACT_DUMP),
	OPENS("REDIS0", FACT_DUMP),
	/* for Windows (its stub's usual size), macOS, Java, Lua, Android, LLVM and browsers */
	OPENS("MZ\220\0\003\0\0\0", FACT_COMPILED),
	OPENS("MZx\0\001\0\0\0", FACT_COMPILED),
	OPENS("\317\372\355\376", FACT_COMPILED),
	OPENS("\312\376\272\276\0\0\0", FACT_COMPILED),
	OPENS("\033Lua", FACT_COMPILED),
	OPENS("\033LJ", FACT_COMPILED),
	OPENS("dex\n0", FACT_COMPILED),
	OPENS("BC\300\336", FACT_COMPILED),
	OPENS("\0asm\001\0\0\0", FACT_COMPILED),
#undef OPENS
};

fact_set openings_facts(const uint8_t *head, size_t len)
{
	fact_set facts = 0;

	for (size_t i = 0; i < ARRAY_SIZE(openings); i++)
		if (openings[i].len <= len && (uint8_t)openings[i].bytes[0] == head[0] &&
		    memcmp(head, openings[i].bytes, openings[i].len) == 0)
			facts |= openings[i].fact;
	if (is_passwords(head, len))
		facts |= FACT_PASSWORDS;
	if (is_encoded(head, len))
		facts |= FACT_ENCODED;
	if (is_hex(head, len))
		facts |= FACT_HEX;
	return facts;
}
