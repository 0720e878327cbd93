/* SPDX-License-Identifier: Apache-2.0 */
#include "host/nerdctl.h"

#include <string.h>

/* Takes @end off the end of the @len bytes at @text, if it stands there. */
static bool take_end(const char *text, size_t *len, const char *end)
{
	size_t n = strlen(end);

	if (*len < n || memcmp(text + *len - n, end, n) != 0)
		return false;
	*len -= n;
	return true;
}

bool nerdctl_is_state_dir(const char *dir, const char *ns, const char *id)
{
	size_t len = strlen(dir);

	return take_end(dir, &len, id) && take_end(dir, &len, "/") && take_end(dir, &len, ns) &&
	       take_end(dir, &len, "/containers/") && len > 0;
}
