/* SPDX-License-Identifier: Apache-2.0 */
#include "snapshot/tarspecial.h"

#include <string.h>

void tarspecial_init(struct tarspecial *s, size_t max_pax, size_t max_name)
{
	*s = (struct tarspecial){.pax_body = BUF_INIT(max_pax),
				 .pax_pairs = BUF_INIT(max_pax),
				 .long_name = BUF_INIT(max_name),
				 .long_link = BUF_INIT(max_name)};
}

void tarspecial_reset(struct tarspecial *s)
{
	s->has_pax = s->has_long_name = s->has_long_link = false;
}

void tarspecial_clear(struct tarspecial *s)
{
	buf_clear(&s->pax_body);
	buf_clear(&s->pax_pairs);
	buf_clear(&s->long_name);
	buf_clear(&s->long_link);
	tarpax_clear(&s->pax);
}

struct buf *tarspecial_body(struct tarspecial *s, char type)
{
	switch (type) {
	case 'x':
		return &s->pax_body;
	case 'L':
		return &s->long_name;
	case 'K':
		return &s->long_link;
	default:
		return NULL;
	}
}

/* A GNU long name ends at its first NUL. */
static bool is_text(struct buf *b)
{
	if (b->len == 0 || b->data[0] == '\0')
		return false;
	b->len = strlen(b->data);
	return true;
}

int tarspecial_take(struct tarspecial *s, char type, const struct sl_limits *limits,
		    struct sl_error *err)
{
	int rc = 0;

	if (type == 'L') {
		s->has_long_name = is_text(&s->long_name);
	} else if (type == 'K') {
		s->has_long_link = is_text(&s->long_link);
	} else {
		rc = tarpax_parse(&s->pax, &s->pax_body, &s->pax_pairs, limits, err);
		s->has_pax = rc == 0;
	}
	return rc;
}

struct sl_bytes tarspecial_name(const struct tarspecial *s, const struct tarhead *head)
{
	if (s->has_long_name)
		return (struct sl_bytes){s->long_name.data, s->long_name.len};
	if (s->has_pax && s->pax.path.len > 0)
		return s->pax.path;
	return (struct sl_bytes){head->name, strlen(head->name)};
}

struct sl_bytes tarspecial_link(const struct tarspecial *s, const struct tarhead *head)
{
	if (s->has_long_link)
		return (struct sl_bytes){s->long_link.data, s->long_link.len};
	if (s->has_pax && s->pax.link.len > 0)
		return s->pax.link;
	return (struct sl_bytes){head->link, strlen(head->link)};
}

uint64_t tarspecial_size(const struct tarspecial *s, const struct tarhead *head)
{
	return s->has_pax && (s->pax.fields & TARPAX_SIZE) != 0 ? s->pax.size : head->size;
}
