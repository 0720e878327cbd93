/* SPDX-License-Identifier: Apache-2.0 */
/* tar-split lines from arbitrary bytes, on a directory that holds "a" (5 bytes) and "d/b" (1). */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "snapshot/nameset.h"
#include "snapshot/tarsplit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/strandline-fuzz.XXXXXX";
static int dir_fd = -1;

static void put(const char *name, const char *text)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void remove_dir(void)
{
	(void)unlinkat(dir_fd, "a", 0);
	(void)unlinkat(dir_fd, "d/b", 0);
	(void)unlinkat(dir_fd, "d", AT_REMOVEDIR);
	(void)rmdir(dir);
}

static void make_dir(void)
{
	if (mkdtemp(dir) == NULL)
		abort();
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	(void)mkdirat(dir_fd, "d", 0700);
	put("a", "hello");
	put("d/b", "x");
	(void)atexit(remove_dir);
}

static void read_all(const uint8_t *data, size_t size, struct tarsplit_damage *damage)
{
	struct istream *lines = NULL, *tar = NULL;
	const uint8_t *bytes;
	size_t len, total = 0;

	if (istream_from_memory(&lines, data, size, NULL) < 0)
		return;
	if (tarsplit_open(&tar, lines, dir_fd, NULL) < 0) {
		istream_close(lines);
		return;
	}
	if (damage != NULL)
		tarsplit_go_on(tar, damage);
	while (total < (1u << 20) && istream_next(tar, &bytes, &len, NULL) == 0)
		total += len;
	istream_close(tar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tarsplit_damage damage = {.names = BUF_INIT(4096)};
	struct nameset names = {.count = 0};

	if (dir_fd < 0)
		make_dir();
	read_all(data, size, NULL);
	read_all(data, size, &damage);
	if (damage.names.len > 0 && nameset_take(&names, &damage.names, NULL) == 0 &&
	    !nameset_has(&names, names.paths[0]))
		abort();
	nameset_clear(&names);
	buf_clear(&damage.names);
	return 0;
}
