/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bbolt database files (etcd-io/bbolt), read in place: containerd and older Podman keep their state
 * in them. Read-only, without the lock that a running daemon holds for ever, without mmap (the file
 * may be cut or replaced at any time), and never trusting one number in it.
 *
 * A commit writes data pages first, then one of the two meta pages; pages of the state that a meta
 * page names are not written again before the commit after the next one. So whoever reads pages of
 * transaction T and finds T still the newest at the end has read one consistent state.
 */
#ifndef HOST_BOLT_H
#define HOST_BOLT_H

#include <strandline/error.h>

struct bolt;

/* A bucket of the state being viewed; plain data, valid inside its view. */
struct bolt_bucket {
	uint64_t root;           /* page, or 0: inline */
	struct sl_bytes inlined; /* the inline leaf page, owned by the view */
	unsigned int depth;      /* of nesting */
};

/* One element of a bucket; borrowed until the cursor moves on. */
struct bolt_item {
	struct sl_bytes key;
	struct sl_bytes value; /* data NULL: the element is a bucket */
	struct bolt_bucket bucket;
};

/*
 * Open @fd (O_PATH or readable; not kept). Nothing but the meta pages is read.
 * -SL_EFORMAT: no such database, or both meta pages are bad; -SL_EUNSUPPORTED: written by a machine
 * of the other byte order.
 */
int bolt_open(struct bolt **out, int fd, struct sl_error *err);
void bolt_close(struct bolt *b);

/*
 * Call @fn with the root bucket of one consistent state. When the state was overwritten meanwhile,
 * or a page does not hold together, @fn is called again (it must start from nothing each time):
 * with the newest state, then with a private copy of the file, then with the state before the last
 * one (*stale is set; @stale may be NULL).
 *
 * A page that does not hold together is -SL_EFORMAT out of the functions below; @fn should return
 * it. The last failure is returned when nothing helps; another negative or positive return of @fn
 * ends it at once.
 */
int bolt_view(struct bolt *b,
	      int (*fn)(struct bolt *b, struct bolt_bucket root, void *payload,
			struct sl_error *err),
	      void *payload, bool *stale, struct sl_error *err);

/* 0 and the nested bucket; 1 when there is none. */
int bolt_bucket(struct bolt *b, struct bolt_bucket in, const char *key, size_t len,
		struct bolt_bucket *out, struct sl_error *err);
/* The same through bucket names, NULL-terminated. */
int bolt_path(struct bolt *b, struct bolt_bucket in, struct bolt_bucket *out, struct sl_error *err,
	      ...) __attribute__((sentinel));
/* 0 and the value (lent until the end of the view); 1 when there is none. */
int bolt_get(struct bolt *b, struct bolt_bucket in, const char *key, size_t len,
	     struct sl_bytes *out, struct sl_error *err);

/*
 * Call @fn for every element in the order of the keys, without recursion. A non-zero return ends
 * the walk and is returned.
 */
int bolt_each(struct bolt *b, struct bolt_bucket in,
	      int (*fn)(void *payload, const struct bolt_item *item, struct sl_error *err),
	      void *payload, struct sl_error *err);

#endif
