/* SPDX-License-Identifier: Apache-2.0 */
#include "core/secret.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t whole_pages(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

void *secret_new(size_t size)
{
	size_t pages = whole_pages(size);
	void *s = mmap(NULL, pages, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		return NULL;
	(void)mlock(s, pages);
	(void)madvise(s, pages, MADV_DONTDUMP);
	(void)madvise(s, pages, MADV_WIPEONFORK);
	return s;
}

void secret_free(void *secret, size_t size)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, size);
	(void)munmap(secret, whole_pages(size));
}
