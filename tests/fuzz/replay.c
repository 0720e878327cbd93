/* SPDX-License-Identifier: Apache-2.0 */
/* Feed every file of a corpus directory to a fuzz target: fuzz finds stay tests under any compiler.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *dir, const char *name)
{
	char *path = NULL;
	struct stat st;
	uint8_t *data;
	FILE *f;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -1;
	f = fopen(path, "rbe");
	free(path);
	if (f == NULL || fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode)) {
		if (f != NULL)
			(void)fclose(f);
		return -1;
	}
	/* exactly sized, so that the address sanitizer sees a read past the end */
	data = malloc((size_t)st.st_size > 0 ? (size_t)st.st_size : 1);
	if (data == NULL || fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		free(data);
		(void)fclose(f);
		return -1;
	}
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(data, (size_t)st.st_size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent *e;
		DIR *d = opendir(argv[i]);

		if (d == NULL) {
			(void)fprintf(stderr, "%s: no such corpus\n", argv[i]);
			return 1;
		}
		while ((e = readdir(d)) != NULL) { /* NOLINT(concurrency-mt-unsafe) */
			if (e->d_name[0] == '.')
				continue;
			if (replay_file(argv[i], e->d_name) < 0) {
				(void)fprintf(stderr, "%s/%s: cannot be read\n", argv[i],
					      e->d_name);
				return 1;
			}
			count++;
		}
		(void)closedir(d);
	}
	printf("%d inputs replayed\n", count);
	return count > 0 ? 0 : 1;
}
