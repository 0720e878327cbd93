/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What coin miners and their configuration have in them, whatever they are called: addresses of
 * pools, and settings that nothing else has.
 */
#ifndef DIFF_MINERCODE_H
#define DIFF_MINERCODE_H

#include <strandline/base.h>

/*
 * Does the '+' that @plus points to stand in an address of the protocol that pools speak? It is
 * between @from and @end.
 */
bool minercode_is_pool(const uint8_t *from, const uint8_t *plus, const uint8_t *end);

/*
 * Of a JSON document: which of a miner's settings it names, as a set of bits, to be gathered piece
 * by piece. minercode_is_config() says whether they are enough.
 */
uint32_t minercode_settings(const void *bytes, size_t len);
bool minercode_is_config(uint32_t settings);

#endif
