/* SPDX-License-Identifier: Apache-2.0 */
#include "diff/minercode.h"

#include <string.h>

#include "core/cleanup.h"

/* Of each line one setting is counted, however often it is there. */
#define SETTINGS_MIN 3

/*
 * reference: XMRig "Configuration" and "Command line options"; BZMiner and lolMiner use the same
 * schemes.
 */
bool minercode_is_pool(const uint8_t *from, const uint8_t *plus, const uint8_t *end)
{
	static const char *const transports[] = {"tcp://", "ssl://", "tls://",
						 "udp://", "ws://",  "wss://"};
	static const char word[] = "stratum";
	const size_t len = sizeof(word) - 1, left = (size_t)(end - plus - 1);

	if ((size_t)(plus - from) < len || memcmp(plus - len, word, len) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(transports); i++)
		if (strlen(transports[i]) <= left &&
		    memcmp(plus + 1, transports[i], strlen(transports[i])) == 0)
			return true;
	return false;
}

uint32_t minercode_settings(const void *bytes, size_t len)
{
	static const char *const words[] = {
		"\"donate-level\"",
		"\"rig-id\"",
		"\"nicehash\"",
		"\"randomx\"",
		"\"pools\"",
		"\"wallet\"",
		"\"coin\"",
		"\"rx/0\"",
		"\"cn/",
		"\"max-threads-hint\"",
		"\"donate-over-proxy\"",
		"\"huge-pages\"",
		"\"pool_address\"",
		"\"wallet_address\"",
		"\"pool_list\"",
		"\"cpu_threads_conf\"",
		"cryptonight",
		"\"submit-to-origin\"",
		"\"algo-perf\"",
	};
	uint32_t out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (len > 0 && memmem(bytes, len, words[i], strlen(words[i])) != NULL)
			out |= 1u << i;
	return out;
}

bool minercode_is_config(uint32_t settings)
{
	return __builtin_popcount(settings) >= SETTINGS_MIN;
}
