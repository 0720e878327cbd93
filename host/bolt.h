/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bbolt database files (etcd-io/bbolt), read in place: containerd and older Podman keep their state
 * in them. Read-only, without the lock that a running daemon holds for ever, without mmap (the file
 * may be cut or replaced at any time), and never trusting one number in it.
 *
 * A commit writes data pages first, then one of the two meta pages; pages of the state that a meta
 * page names are not written again before the commit after the next one. So whoever reads pages of
 * transaction T and finds T still the newest at the end has read one consistent state.
 *
 * All that is held at a time, values lent included, takes at most 48 MiB, however large the file
 * is; a view reads 32 times the size of its state at most (or 256 MiB), and a state has at most
 * 16 GiB. Each of these limits is -SL_ELIMIT.
 */
#ifndef HOST_BOLT_H
#define HOST_BOLT_H

#include <strandline/error.h>

/* How deep buckets are opened in each other; containerd needs 7. Deeper is -SL_ELIMIT. */
#define BOLT_DEPTH_MAX 16

struct bolt;

/* A bucket of the state being viewed; plain data, lent like a value. */
struct bolt_bucket {
	uint64_t root;           /* page, or 0: inline */
	uint64_t from;           /* which element of which page names it */
	struct sl_bytes inlined; /* the inline leaf page */
	unsigned int depth;      /* of nesting; the root bucket is 0 */
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
 * Call @fn with the root bucket of one consistent state, and return what it returns. It is called
 * again, and must start from nothing each time,
 *  - when the state was overwritten meanwhile: with the newest one, at last from a private copy of
 *    the file (in $TMPDIR). -SL_EIO when not even a copy can be had in time;
 *  - when it returned -SL_EFORMAT, or failed after a page did not hold together: with the state
 *    before (*stale is set when that one is good; @stale may be NULL), at last with the newest
 * again, to read what can be read of it (bolt_salvaging()).
 *
 * Nothing keeps a live daemon's next commit from writing to pages of the state before: it is
 * checked like any other, but no more than a second choice.
 *
 * A page that does not hold together is -SL_EFORMAT out of the functions below, -SL_EIO when the
 * disk refused it; @fn should return it unless it salvages.
 */
int bolt_view(struct bolt *b,
	      int (*fn)(struct bolt *b, struct bolt_bucket root, void *payload,
			struct sl_error *err),
	      void *payload, bool *stale, struct sl_error *err);

/*
 * Within a view: nothing better will come. Then bolt_each() passes over pages that do not hold
 * together and fails at its end; @fn should make gaps of failures and go on.
 */
bool bolt_salvaging(const struct bolt *b);

/*
 * The first thing that did not hold together in the newest state, for a gap; NULL when all that was
 * read did. Borrowed until the next view or bolt_close().
 */
const char *bolt_damage(const struct bolt *b);

/*
 * What the next three hand out is lent until the end of the view, or, inside of a callback of
 * bolt_each(), until that callback returns.
 */

/* 0 and the nested bucket; 1 when there is none. */
int bolt_bucket(struct bolt *b, struct bolt_bucket in, const char *key, size_t len,
		struct bolt_bucket *out, struct sl_error *err);
/* The same through bucket names, NULL-terminated. */
int bolt_path(struct bolt *b, struct bolt_bucket in, struct bolt_bucket *out, struct sl_error *err,
	      ...) __attribute__((sentinel));
/* 0 and the value, NUL-terminated; 1 when there is none. */
int bolt_get(struct bolt *b, struct bolt_bucket in, const char *key, size_t len,
	     struct sl_bytes *out, struct sl_error *err);

/*
 * Call @fn for every element in the order of the keys, without recursion. A non-zero return ends
 * the walk and is returned. @fn may use all functions here but bolt_view().
 */
int bolt_each(struct bolt *b, struct bolt_bucket in,
	      int (*fn)(void *payload, const struct bolt_item *item, struct sl_error *err),
	      void *payload, struct sl_error *err);

#endif
