/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes bundles in memory from docs/bundle-format.md alone, honest ones and others: every step is a
 * call, and a test commits its crime between two of them. Asserts instead of returning errors.
 */
#ifndef TESTS_BUNDLE_MAKER_H
#define TESTS_BUNDLE_MAKER_H

#include "core/buf.h"
#include "core/merkle.h"
#include "core/rfile.h"
#include "core/sign.h"

struct maker {
	struct buf file;    /* the bundle so far */
	struct buf tar;     /* bytes of the open frame */
	struct buf journal; /* of the open segment */
	struct buf table;   /* seek table entries */
	uint32_t frames;
	uint64_t seq, segment;
	struct sha256 *hash;
	struct merkle tree;
	char prev[65];
	char bundle[33];
	char fingerprint[40];
	struct sign_key *key, *next_key, *long_key;
	char note[4096]; /* the last checkpoint */
	bool has_cert;
	bool is_unsigned; /* notes and statement carry no signatures */
	/* crimes */
	char type;           /* tar type of the next member, when not 0 */
	bool wrong_digest;   /* of the next file's record */
	bool break_prev;     /* of the next record */
	bool forget_payload; /* the next file's member is left out */
	uint64_t skip_seq;   /* added to the next record's number */
	const char *status;  /* in the close statement, when another than in the record */
	const char *behind_note, *behind_close; /* put behind the next note, the close statement */
};

/* Head, and the open record. With a certificate when @certified. */
void maker_begin(struct maker *m, bool certified);
void maker_clear(struct maker *m);
/* A raw tar member in the open frame. */
void maker_member(struct maker *m, const char *name, const void *bytes, size_t len);
/* Write over bytes of the header block that begins at @at of the open frame; its sum is right. */
void maker_forge(struct maker *m, size_t at, size_t offset, const void *bytes, size_t len);
/* A pax header for the member that comes next. */
void maker_pax(struct maker *m, const void *text, size_t len);
/* End the frame. */
void maker_frame(struct maker *m);
/* A skippable frame of @len zeros, as encryption asks for. */
void maker_skip(struct maker *m, size_t len);
/* A record; members start with a comma or are "". Returns its number. */
uint64_t maker_record(struct maker *m, const char *type, unsigned int target, const char *members);
/* A line as it is, hashed and counted. */
void maker_line(struct maker *m, const char *line, size_t len);
uint64_t maker_file(struct maker *m, unsigned int target, const char *role, const char *path,
		    const void *bytes, size_t len, const char *members);
/* A file in parts of @part bytes. Returns the number of the file record. */
uint64_t maker_parts(struct maker *m, const char *path, const void *bytes, size_t len, size_t part);
/* Journal, note and key file as they are due; then the frame ends. */
void maker_seal(struct maker *m);
/* Epoch record, then seal. */
void maker_segment(struct maker *m);
/* Close record, seal, close statement. */
void maker_close(struct maker *m, const char *status);
/* Index, end of archive, seek table. */
void maker_tail(struct maker *m);
/* The last of these alone. */
void maker_table(struct maker *m);
/* All of it: two segments, three files, a target, a gap. */
void maker_small(struct maker *m, bool certified);
/* The bytes as a readable descriptor at offset 0. */
int maker_fd(const void *bytes, size_t len);
/* The same for the inner calls. */
struct rfile *maker_rfile(const void *bytes, size_t len);

#endif
