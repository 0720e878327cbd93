/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the writer, shared by its files: bundle_writer.c (the public face), writer_file.c
 * (one object becomes a record), writer_record.c (an entry as JSON), writer_payload.c (content into
 * members), writer_segment.c (when a segment ends, and how).
 */
#ifndef FORENSICS_BUNDLE_WRITER_H
#define FORENSICS_BUNDLE_WRITER_H

#include <strandline/bundle.h>

#include "forensics/bundle_out.h"
#include "forensics/journal.h"
#include "forensics/seal.h"

struct sl_bundle_writer {
	struct bundle_out out;
	struct journal journal;
	struct seal seal;
	struct spool index;
	struct sha256 *file_hash, *part_hash;
	struct pool *part_hasher; /* one thread, from the first second part on; or NULL */
	void (*checkpoint)(void *payload, const char *note, size_t len);
	void *checkpoint_payload;
	/* Of the segment that was sealed last, until it is on the disk: empty when none is not. */
	struct buf sealed_note;
	uint64_t segment_ns, reserve_bytes;
	uint64_t segment_start_ns; /* since boot; 0 while the segment is empty */
	uint64_t segment_payload;
	int64_t clock_ahead_ns; /* wall clock less time since boot; 0: not looked at yet */
	uint64_t payloads, payload_bytes, gaps;
	uint64_t holes_left; /* bytes of them that may still be hashed */
	uint32_t targets;
	char *in_force; /* JSON array, or NULL */
	int status;     /* sticky: the output failed, nothing more can be written */
	bool is_serial; /* no thread works while the caller does: what was sealed is on the disk */
	bool is_closed;
};

/*
 * A segment goes to the disk while the next one is filled, so that up to two of them are lost in a
 * crash: each takes half of what may be lost.
 */
#define WRITER_PART_BYTES (SL_BUNDLE_PART_BYTES / 2)

/* How deep a write may reach into the reserve. */
enum writer_tier { TIER_RECORD, TIER_GAP, TIER_CLOSE };

/* 0 while the writer can be used. */
int writer_ready(const struct sl_bundle_writer *w, struct sl_error *err);
/* Remember a failure after which the output is not whole. @return rc */
int writer_broken(struct sl_bundle_writer *w, int rc);

/* ---- writer_segment.c ---- */

/* Room for @plain more tar bytes, and for everything that has to follow until close. */
int segment_reserve(struct sl_bundle_writer *w, uint64_t plain, enum writer_tier tier,
		    struct sl_error *err);
/* End the open segment if @payload more bytes or its age ask for it, then count them in. */
int segment_take(struct sl_bundle_writer *w, uint64_t payload, struct sl_error *err);
/*
 * Did somebody set the clock since this was asked last? Then a `clock` record says by how much. The
 * first time only remembers.
 */
int segment_clock(struct sl_bundle_writer *w, struct sl_error *err);
/* Append a record to the open segment; the room for it is there. */
int segment_append(struct sl_bundle_writer *w, const char *type, uint32_t target,
		   const char *members, struct sl_error *err);
/* End the segment if it is old or its journal long. */
int segment_tick(struct sl_bundle_writer *w, struct sl_error *err);
/*
 * End the segment now; @closing is NULL, or how the bundle ends. The segment before is on the disk
 * after, this one is not yet.
 */
int segment_seal(struct sl_bundle_writer *w, const enum sl_bundle_status *closing,
		 struct sl_error *err);
/* Wait until the last segment that was ended is on the disk, and tell of its checkpoint. */
int segment_settle(struct sl_bundle_writer *w, struct sl_error *err);

/* ---- writer_record.c ---- */

/* The `src` object. Attributes are left out when not wanted. -SL_ELIMIT when it does not fit. */
int file_src(struct buf *out, const struct sl_entry *e, bool with_xattrs);

/* A member that holds bytes of a record. */
struct writer_stored {
	const char *member;
	uint64_t bytes;
	uint8_t sha256[SL_SHA256_SIZE];
};
void file_stored(struct jout *j, const char *key, const struct writer_stored *s);

/* The path as the records show it: "/" and the entry's path. */
int file_path(struct buf *out, const struct sl_entry *e);
/* "path" or, where that would be too long, "path_sha256". */
int file_path_member(struct jout *j, const struct buf *path, struct sl_error *err);

/* ---- writer_payload.c ---- */

/* What became of a content. */
struct payload_result {
	struct buf member; /* single member: its name; empty when there is none */
	struct writer_stored stored;
	uint64_t parts, first_part; /* parts: count and sequence number of the first */
	struct out_position at;     /* of the first member */
	bool has_sha256;
	uint8_t sha256[SL_SHA256_SIZE]; /* of the bytes read */
	struct sl_read read;
	bool is_sparse; /* the parts say where their bytes belong; the rest is zeros */
	bool limited;   /* ended at max_bytes */
	int no_space;   /* the code of the part that found no room, after others were written */
};
void payload_clear(struct payload_result *r);

/*
 * Read a content into one member, or into parts with their records. @beside: bytes of another
 * member that the same record will name.
 */
int payload_store(struct sl_bundle_writer *w, const struct sl_bundle_file *file,
		  const struct buf *path, uint64_t beside, struct payload_result *out,
		  struct sl_error *err);

#endif
