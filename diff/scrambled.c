/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/scrambled.h"

#include <string.h>
#include <strings.h>

#include "core/cleanup.h"
#include "diff/facts.h"

static bool has_ending(struct sl_bytes name, const char *const *endings, size_t count)
{
	const char *dot = name.len > 0 ? memrchr(name.data, '.', name.len) : NULL;
	size_t len = dot != NULL ? name.len - (size_t)(dot + 1 - name.data) : 0;

	/* ".profile" has no ending */
	if (dot == NULL || dot == name.data)
		return false;
	for (size_t i = 0; i < count; i++)
		if (strlen(endings[i]) == len && strncasecmp(dot + 1, endings[i], len) == 0)
			return true;
	return false;
}

bool scrambled_is_document(struct sl_bytes path)
{
	static const char *const endings[] = {
		"txt", "md",   "rst", "html", "htm", "css",  "js",   "json", "xml", "yaml",
		"yml", "csv",  "sql", "conf", "ini", "cfg",  "toml", "py",   "php", "rb",
		"pl",  "sh",   "go",  "c",    "h",   "java", "ts",   "svg",  "tex", "rtf",
		"doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt",  "ods",  "odp", "pdf",
		"jpg", "jpeg", "png", "gif",  "bmp", "tif",  "tiff", "eml",  "log", "properties"};

	return has_ending(facts_last_component(path), endings, ARRAY_SIZE(endings));
}

bool scrambled_original(struct sl_bytes path, struct sl_bytes *out)
{
	static const char *const packed[] = {"br", "lzma", "gz", "bz2", "xz", "zst", "lz4", "Z"};
	struct sl_bytes name = facts_last_component(path);
	const char *dot = name.len > 0 ? memrchr(name.data, '.', name.len) : NULL;

	if (dot == NULL || dot == name.data || has_ending(name, packed, ARRAY_SIZE(packed)))
		return false;
	*out = (struct sl_bytes){path.data, (size_t)(dot - path.data)};
	return scrambled_is_document(*out);
}

/* What is packed is chance, too, behind a beginning of its own. */
static bool has_format(const uint8_t *bytes, size_t len)
{
	static const struct {
		size_t at, len;
		const char *bytes;
	} formats[] = {
		{0, 2, "PK"},
		{0, 2, "\037\213"},
		{0, 4, "\177ELF"},
		{0, 4, "%PDF"},
		{0, 4, "\211PNG"},
		{0, 2, "\377\330"},
		{0, 3, "GIF"},
		{0, 4, "RIFF"},
		{4, 4, "ftyp"},
		{0, 2, "BM"},
		{0, 4, "II*\0"},
		{0, 4, "MM\0*"},
		{0, 3, "BZh"},
		{0, 5, "\3757zXZ"},
		{0, 4, "(\265/\375"},
		{0, 4, "\004\"M\030"},
		{0, 4, "7z\274\257"},
		{0, 4, "Rar!"},
		{0, 4, "\320\317\021\340"},
		{0, 4, "OggS"},
		{0, 3, "ID3"},
		{0, 4, "wOF2"},
		{0, 4, "wOFF"},
		{0, 9, "\0GITCRYPT"},
		{0, 3, "CWS"},
		{0, 2, "x\234"},
		{0, 2, "x\332"},
		{0, 2, "x\001"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (len >= formats[i].at + formats[i].len &&
		    memcmp(bytes + formats[i].at, formats[i].bytes, formats[i].len) == 0)
			return true;
	return false;
}

/*
 * How often two bytes of it are equal: of n bytes of chance one pair in 256, give or take a fifth
 * where these are few. Text has ten times as many, tables and code more than twice.
 */
bool scrambled_is_chance(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t counts[256] = {0}, pairs = 0, n;

	if (len > SCRAMBLED_WINDOW)
		len = SCRAMBLED_WINDOW;
	if (len < SCRAMBLED_LEAST || has_format(at, len))
		return false;
	n = len;
	for (size_t i = 0; i < len; i++)
		counts[at[i]]++;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		pairs += counts[i] * (counts[i] - (counts[i] > 0));
	return pairs * 256 * 4 <= n * (n - 1) * 5;
}
