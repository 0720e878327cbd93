/* SPDX-License-Identifier: Apache-2.0 */
/* Signals and facts as rules spell them (docs/rules.md). */
#include "diff/facts.h"

#include <string.h>

#include "core/cleanup.h"

static const struct {
	fact_set bit;
	const char *name;
} names[] = {
	{FACT_EXEC_GAINED, "exec-gained"},
	{FACT_WRITE_GAINED, "write-gained"},
	{FACT_OWNER_MOVED, "owner-moved"},
	{FACT_MODE_MOVED, "mode-moved"},
	{FACT_SETID, "setid"},
	{FACT_REGULAR, "regular"},
	{FACT_DIRECTORY, "directory"},
	{FACT_LINK, "link"},
	{FACT_BLOCK, "block"},
	{FACT_WAS_REGULAR, "was-regular"},
	{FACT_WAS_PROGRAM, "was-program"},
	{FACT_SHRUNK, "shrunk"},
	{FACT_DECEPTIVE, "deceptive"},
	{FACT_FILLED, "filled"},
	{FACT_BENEATH_MOUNT, "beneath-mount"},
	{FACT_DOT_NAME, "dot-name"},
	{FACT_IN_BIN, "in-bin"},
	{FACT_IN_LIB, "in-lib"},
	{FACT_ACCOUNT_FILE, "account-file"},
	{FACT_AT_START, "at-start"},
	{FACT_BYTECODE, "bytecode"},
	{FACT_TEXT, "text"},
	{FACT_NUMBER, "number"},
	{FACT_SOCKET, "socket"},
	{FACT_FIFO, "fifo"},
	{FACT_WAS_DIRECTORY, "was-directory"},
	{FACT_SERVER_SCRIPT, "server-script"},
	{FACT_LINK_OUT, "link-out"},
	{FACT_ATTRIBUTES, "attributes"},
	{FACT_READ, "read"},
	{FACT_BACKDATED, "backdated"},
	{FACT_IMPOSSIBLE_TIME, "impossible-time"},
	{FACT_WHOLE_SECOND, "whole-second"},
	{FACT_BEFORE_BIRTH, "before-birth"},
	{FACT_IN_PLACE, "in-place"},
	{FACT_PASSWORDS, "passwords"},
	{FACT_ENCODED, "encoded"},
	{FACT_HEX, "hex"},
	{FACT_USUAL_LINK, "usual-link"},
	{FACT_QUEUED_MAIL, "queued-mail"},
	{FACT_SECRETS, "secrets"},
	{FACT_PACKETS, "packets"},
	{FACT_DUMP, "dump"},
	{FACT_COMPILED, "compiled"},
	{FACT_LARGE_ATTRIBUTE, "large-attribute"},
};

_Static_assert(ARRAY_SIZE(names) == FACT_COUNT, "every fact has a word");

const char *facts_name(fact_set bit)
{
	if (bit <= UINT64_MAX)
		return sl_signal_name((uint64_t)bit);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].bit == bit)
			return names[i].name;
	return NULL;
}

fact_set facts_find(const char *word)
{
	if (strcmp(word, "program") == 0)
		return FACT_PROGRAM;
	for (int i = 0; i < SL_SIGNAL_BITS; i++)
		if (strcmp(sl_signal_name(UINT64_C(1) << i), word) == 0)
			return (fact_set)1 << i;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, word) == 0)
			return names[i].bit;
	return 0;
}
