/* SPDX-License-Identifier: Apache-2.0 */
#include "job/hashlists.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/digestset.h"
#include "core/istream.h"
#include "core/linetap.h"
#include "core/quote.h"
#include "diff/hashlist.h"

/*
 * The number of a digest says where it stands, so that its label can be read when it is wanted:
 * goodness, list, offset of the line. The lowest one wins, which makes bad beat good.
 */
#define NUMBER_GOOD (UINT64_C(1) << 63)
#define NUMBER_LIST_SHIFT 48
#define NUMBER_OFFSET_MASK ((UINT64_C(1) << NUMBER_LIST_SHIFT) - 1)

struct list {
	char *name; /* quoted */
	int fd;     /* -1: it cannot be read again */
};

struct hashlists {
	struct digestset *set;
	struct list lists[HASHLISTS_MAX];
	size_t count;
	uint64_t digests;
	char *label; /* lent last */
};

/* One list while it is read. */
struct reading {
	struct hashlists *lists;
	uint64_t number; /* of its next line, see above */
	uint64_t line, digests, weak;
};

void hashlists_free(struct hashlists *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->count; i++) {
		free(h->lists[i].name);
		if (h->lists[i].fd >= 0)
			close(h->lists[i].fd);
	}
	digestset_free(h->set);
	free(h->label);
	free(h);
}

static int keep(struct reading *r, const uint8_t sha256[SL_SHA256_SIZE], struct sl_error *err)
{
	if (r->lists->digests++ == HASHLISTS_DIGESTS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %" PRIu64 " digests in all lists",
			       HASHLISTS_DIGESTS_MAX);
	r->digests++;
	return digestset_add(r->lists->set, sha256, r->number, err);
}

/* Some programs begin a file with a byte order mark. */
static struct sl_bytes skip_mark(struct sl_bytes line)
{
	if (line.len < 3 || memcmp(line.data, "\xef\xbb\xbf", 3) != 0)
		return line;
	return (struct sl_bytes){line.data + 3, line.len - 3};
}

static int take_line(void *payload, struct sl_bytes line, struct sl_error *err)
{
	struct reading *r = payload;
	uint8_t sha256[SL_SHA256_SIZE];
	struct sl_bytes label;
	int rc = 0;

	r->line++;
	switch (hashlist_parse(r->line == 1 ? skip_mark(line) : line, sha256, &label)) {
	case HASHLIST_SHA256:
		rc = keep(r, sha256, err);
		break;
	case HASHLIST_WEAK:
		r->weak++;
		break;
	case HASHLIST_EMPTY:
		break;
	case HASHLIST_ODD:
		if (r->line > 1) /* the first may be a heading */
			rc = sl_fail(err, SL_EFORMAT, 0, "no digest, and no remark (#)");
		break;
	}
	r->number += line.len + 1;
	return rc < 0 ? sl_wrap(err, rc, "line %" PRIu64, r->line) : 0;
}

static int read_lines(struct reading *r, int fd, struct sl_error *err)
{
	struct istream *in = NULL;
	struct linetap lines;
	const uint8_t *bytes;
	size_t len;
	int rc = istream_from_fd(&in, fd, err);

	if (rc < 0)
		return rc;
	linetap_init(&lines, HASHLIST_LINE_MAX, take_line, r);
	while (rc == 0 && (rc = istream_next(in, &bytes, &len, err)) == 0)
		rc = lines.tap.data(&lines.tap, bytes, len, err);
	if (rc == 1)
		rc = linetap_end(&lines, err);
	linetap_clear(&lines);
	istream_close(in);
	return rc;
}

/* Lists of the operator are files of this machine, not evidence: links may lead to them. */
static int open_list(struct list *list, const char *path, struct sl_error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	list->fd = -1;
	list->name = quote_dup(path, strlen(path));
	if (list->name == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "list of digests");
	if (fd < 0 || fstat(fd, &st) < 0)
		return sl_fail(err, SL_EIO, errno, "open");
	if (S_ISREG(st.st_mode)) {
		list->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (list->fd < 0)
			return sl_fail(err, SL_EIO, errno, "open");
	}
	return take_fd(&fd);
}

static const char *path_of(const char *word, bool *is_good)
{
	*is_good = strncmp(word, "good:", 5) == 0;
	if (*is_good)
		return word + 5;
	return strncmp(word, "bad:", 4) == 0 ? word + 4 : word;
}

static int read_list(struct hashlists *h, const struct job *job, const char *word,
		     struct sl_error *err)
{
	struct list *list = &h->lists[h->count];
	struct reading r = {.lists = h, .number = (uint64_t)h->count << NUMBER_LIST_SHIFT};
	bool is_good;
	const char *path = path_of(word, &is_good);
	int fd = open_list(list, path, err), rc = fd;

	h->count++;
	if (is_good)
		r.number |= NUMBER_GOOD;
	if (rc >= 0)
		rc = read_lines(&r, fd, err);
	if (rc == 0 && r.digests == 0)
		rc = sl_fail(err, SL_EFORMAT, 0,
			     "no SHA-256 in it, and %" PRIu64 " digests of other kinds", r.weak);
	if (rc < 0)
		return sl_wrap(err, rc, "list of digests '%s'",
			       list->name != NULL ? list->name : "?");
	if (r.weak > 0)
		job_say(job, "'%s': %" PRIu64 " lines without a SHA-256 are not used", list->name,
			r.weak);
	return 0;
}

int hashlists_open(struct hashlists **out, const struct job *job, const char *const *names,
		   size_t count, struct sl_error *err)
{
	struct hashlists *h = NULL;
	int rc = 0;

	if (count > HASHLISTS_MAX)
		return sl_fail(err, SL_ELIMIT, 0, "more than %d lists of digests", HASHLISTS_MAX);
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "lists of digests");
	rc = digestset_new(&h->set, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = read_list(h, job, names[i], err);
	if (rc == 0)
		rc = digestset_settle(h->set, err);
	if (rc < 0) {
		hashlists_free(h);
		return rc;
	}
	*out = h;
	return 0;
}

/* The line that the digest was found in, if it is still there. NULL: what it says is unknown. */
static char *read_label(const struct list *list, uint64_t offset,
			const uint8_t sha256[SL_SHA256_SIZE])
{
	AUTO_FREE char *line = malloc(HASHLIST_LINE_MAX + 1);
	uint8_t digest[SL_SHA256_SIZE];
	struct sl_bytes text, label;
	const char *feed;
	ssize_t n;

	if (line == NULL || list->fd < 0)
		return NULL;
	n = pread(list->fd, line, HASHLIST_LINE_MAX, (off_t)offset);
	if (n <= 0)
		return NULL;
	feed = memchr(line, '\n', (size_t)n);
	text = (struct sl_bytes){line, feed != NULL ? (size_t)(feed - line) : (size_t)n};
	if (offset == 0)
		text = skip_mark(text);
	if (hashlist_parse(text, digest, &label) != HASHLIST_SHA256 ||
	    memcmp(digest, sha256, sizeof(digest)) != 0 || label.len == 0)
		return NULL;
	return quote_short(label.data, label.len);
}

int hashlists_find(struct hashlists *h, const uint8_t sha256[SL_SHA256_SIZE],
		   struct hash_match *out, struct sl_error *err)
{
	const struct list *list;
	uint64_t number;
	int rc = digestset_find(h->set, sha256, &number, err);

	if (rc != 0)
		return rc;
	list = &h->lists[(number & ~NUMBER_GOOD) >> NUMBER_LIST_SHIFT];
	free(h->label);
	h->label = read_label(list, number & NUMBER_OFFSET_MASK, sha256);
	*out = (struct hash_match){.is_bad = (number & NUMBER_GOOD) == 0,
				   .list = list->name,
				   .label = h->label != NULL ? h->label : list->name};
	return 0;
}
