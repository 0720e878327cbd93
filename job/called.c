/* SPDX-License-Identifier: Apache-2.0 */
#include "job/called.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "job/records.h"

static int no_memory(struct sl_error *err)
{
	return sl_fail(err, SL_ENOMEM, 0, "container's name");
}

/* An engine may give an id again in another namespace of it. */
static char *who(const struct sl_container *c)
{
	char *text = NULL;

	return asprintf(&text, "%s:%s%s%s", c->engine != NULL ? c->engine : "",
			c->ns != NULL ? c->ns : "", c->ns != NULL ? "/" : "", c->id) < 0
		       ? NULL
		       : text;
}

int called_get(char **name, struct db *db, enum called_use use, const struct sl_container *c,
	       struct sl_error *err)
{
	AUTO_FREE char *container = c->id != NULL ? who(c) : NULL;
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc;

	if (container == NULL)
		return c->id == NULL ? 1 : no_memory(err);
	/* databases of earlier versions have no such table */
	rc = records_has_table(db, "called", err);
	if (rc == 0)
		rc = db_prepare(&s, db, "SELECT name FROM called WHERE container=?1 AND use=?2",
				err);
	if (rc != 0)
		return rc;
	db_bind_text(s, 1, container);
	db_bind_i64(s, 2, use);
	rc = db_step(s, err);
	if (rc != 0)
		return rc;
	*name = db_column_text(s, 0) != NULL ? strdup(db_column_text(s, 0)) : NULL;
	return *name != NULL ? 0 : no_memory(err);
}

int called_put(struct db *db, enum called_use use, const struct sl_container *c, const char *name,
	       struct sl_error *err)
{
	AUTO_FREE char *container = c->id != NULL ? who(c) : NULL;
	AUTO_FINALIZE struct db_stmt *s = NULL;
	int rc;

	if (container == NULL)
		return c->id == NULL ? 0 : no_memory(err);
	rc = db_prepare(&s, db,
			"INSERT OR REPLACE INTO called (container, use, name) VALUES (?1, ?2, ?3)",
			err);
	if (rc < 0)
		return rc;
	db_bind_text(s, 1, container);
	db_bind_i64(s, 2, use);
	db_bind_text(s, 3, name);
	rc = db_step(s, err);
	return rc < 0 ? rc : 0;
}
