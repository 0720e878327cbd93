/* SPDX-License-Identifier: Apache-2.0 */
#include "job/database.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/host.h"
#include "job/resolve.h"

/* The nearest directory above @path that exists: what is missing would be made in it. */
static int open_above(const char *path)
{
	AUTO_FREE char *real = realpath(path, NULL);
	AUTO_FREE char *copy = strdup(real != NULL ? real : path);
	int fd = -1;

	while (fd < 0) {
		char *slash = copy != NULL ? strrchr(copy, '/') : NULL;

		if (slash == NULL)
			return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (slash == copy)
			return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		*slash = '\0';
		fd = open(copy, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return fd;
}

/* Stores that cannot be read hold nothing that we could tell. */
static bool lies_in_store(const struct job *job)
{
	AUTO_CLOSE int fd = open_above(job->db);
	struct host *host = NULL;
	bool held;

	if (fd < 0 || resolve_host(job, &host, NULL) < 0)
		return false;
	held = host_holds_dir(host, fd);
	host_close(host);
	return held;
}

int job_database_open(const struct job *job, struct sl_baselines **out, struct sl_error *err)
{
	if (job->db != NULL && lies_in_store(job))
		return sl_fail(err, SL_EINVAL, 0,
			       "the database '%s' lies inside an engine's store: choose another "
			       "place with --db",
			       job->db);
	return sl_baselines_open(out, job->db, err);
}
