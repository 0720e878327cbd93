/* SPDX-License-Identifier: Apache-2.0 */
/* A word to look up, a line end, then repositories.json. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/docker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *eol = memchr(data, '\n', size);
	AUTO_FREE char *word = NULL;
	AUTO_FREE char *name = NULL;
	uint8_t id[SL_SHA256_SIZE] = {0}, digest[SL_SHA256_SIZE];
	struct jval *repos = NULL;

	if (eol == NULL)
		return 0;
	word = calloc(1, (size_t)(eol - data) + 1);
	if (word == NULL)
		return 0;
	memcpy(word, data, (size_t)(eol - data));
	if (jval_parse(&repos, eol + 1, size - (size_t)(eol + 1 - data), NULL) < 0)
		return 0;
	if (docker_repos_find(repos, word, id, &name, NULL) == 0) {
		/* an image that was found by a tag has a name */
		if (name != NULL && docker_repos_name(repos, id) == NULL)
			abort();
		(void)docker_repos_digest(repos, id, word, digest);
	}
	(void)docker_repos_name(repos, id);
	jval_free(repos);
	return 0;
}
