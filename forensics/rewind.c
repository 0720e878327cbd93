/* SPDX-License-Identifier: Apache-2.0 */
#include "forensics/rewind.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int bundle_rewind(int fd, struct sl_error *err)
{
	int own;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return sl_fail(err, SL_EUNSUPPORTED, errno, "bundle that cannot be read twice");
	own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return own < 0 ? sl_fail(err, SL_EIO, errno, "bundle") : own;
}
