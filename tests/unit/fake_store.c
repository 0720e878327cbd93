/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/fake_store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "host/machine.h"
#include "unit/cmocka_all.h"
#include "unit/fake_root.h"

struct fake_store {
	struct store store;
	const struct fake_row *rows;
	size_t count;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static char *copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

static struct sl_pod *pod_of(const struct fake_row *row)
{
	struct sl_pod *pod = NULL;

	if (row->pod == NULL)
		return NULL;
	pod = calloc(1, sizeof(*pod));
	must(pod != NULL);
	*pod = (struct sl_pod){.ns = copy(row->pod_ns),
			       .name = copy(row->pod),
			       .uid = copy(row->uid),
			       .container = copy(row->container),
			       .attempt = row->attempt};
	return pod;
}

static int fake_list(struct store *s, bool orphans, struct store_list *out, host_gap_fn gap,
		     void *payload, struct sl_error *err)
{
	struct fake_store *f = container_of(s, struct fake_store, store);
	int rc = 0;

	(void)gap;
	(void)payload;
	for (size_t i = 0; rc == 0 && i < f->count; i++) {
		const struct fake_row *row = &f->rows[i];
		struct store_name name = {.store = s,
					  .engine = row->engine,
					  .id = copy(row->id),
					  .name = copy(row->name),
					  .ns = copy(row->ns),
					  .kind = row->kind,
					  .pod = pod_of(row),
					  .running = row->running,
					  .made = {.sec = row->made}};

		if (row->kind == SL_CONTAINER_ORPHAN && !orphans) {
			struct store_list none = {0};

			(void)store_list_add(&none, &name, NULL);
			store_list_clear(&none);
			continue;
		}
		rc = store_list_add(out, &name, err);
	}
	return rc;
}

static int fake_load(struct store *s, const struct store_name *name, struct sl_container **out,
		     struct sl_error *err)
{
	struct fake_store *f = container_of(s, struct fake_store, store);
	const struct fake_row *row = f->rows;

	while (strcmp(row->id, name->id) != 0)
		row++;
	if (row->broken)
		return sl_fail(err, SL_EFORMAT, 0, "broken on purpose");
	must(sl_container_new(out, err) == 0);
	(*out)->kind = row->kind;
	(*out)->engine = copy(name->engine);
	(*out)->id = copy(row->id);
	(*out)->name = copy(row->name);
	(*out)->ns = copy(row->ns);
	(*out)->pod = pod_of(row);
	(*out)->state = row->running ? SL_STATE_RUNNING : SL_STATE_EXITED;
	(*out)->store = copy(s->dir);
	if (row->upper != NULL) {
		(*out)->stack.upper_path = copy(row->upper);
		(*out)->stack.upper_fd = open(row->upper, O_PATH | O_CLOEXEC);
		must((*out)->stack.upper_fd >= 0);
	}
	return 0;
}

static int no_images(struct store *s, int (*each)(void *payload, const struct store_image *image),
		     host_gap_fn gap, void *payload, struct sl_error *err)
{
	(void)s;
	(void)each;
	(void)gap;
	(void)payload;
	(void)err;
	return 0;
}

static int no_image(struct store *s, const char *word, struct sl_image **out, struct sl_error *err)
{
	(void)s;
	(void)word;
	(void)out;
	return sl_fail(err, SL_ENOTFOUND, 0, "no image");
}

static int no_container_image(struct store *s, const struct sl_container *c, struct sl_image **out,
			      struct sl_error *err)
{
	(void)c;
	return no_image(s, "", out, err);
}

static void fake_close(struct store *s)
{
	struct fake_store *f = container_of(s, struct fake_store, store);

	free(f->store.dir);
	free(f);
}

void fake_store_add(struct host *h, const char *engine, const char *dir,
		    const struct fake_row *rows, size_t count)
{
	static const struct store_ops ops = {.list = fake_list,
					     .load = fake_load,
					     .images = no_images,
					     .image = no_image,
					     .container_image = no_container_image,
					     .close = fake_close};
	struct fake_store *f = calloc(1, sizeof(*f));

	must(f != NULL);
	*f = (struct fake_store){.store = {.ops = &ops, .engine = engine, .dir = strdup(dir)},
				 .rows = rows,
				 .count = count};
	must(f->store.dir != NULL && store_set_add(&h->set, &f->store, NULL) == 0);
}

int fake_host_setup(void **state)
{
	struct fake_host *f = calloc(1, sizeof(*f));
	struct host_options options = {0};

	assert_non_null(f);
	f->root = fake_root();
	f->log = BUF_INIT(1 << 20);
	options.root = f->root;
	assert_int_equal(host_open(&f->host, &options, NULL), 0);
	*state = f;
	return 0;
}

int fake_host_teardown(void **state)
{
	struct fake_host *f = *state;

	host_close(f->host);
	sl_error_clear(&f->err);
	buf_clear(&f->log);
	fake_root_remove(f->root);
	free(f);
	return 0;
}

int fake_host_note(void *log, struct sl_container *c)
{
	int rc = buf_printf(log, "%s ", c->id);

	sl_container_free(c);
	return rc;
}

int fake_host_note_gap(void *log, const struct sl_gap *gap)
{
	return buf_printf(log, "gap:%.*s ", (int)gap->what.len, gap->what.data);
}
