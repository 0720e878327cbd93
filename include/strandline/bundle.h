/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file bundle.h
 * Evidence bundles: written append-only, chained, sealed segment by segment, verified by anyone.
 *
 * The format is docs/bundle-format.md. In short: a pax tar of regular files inside independent
 * zstd frames; payload members d/SEQ/NAME; journals j/SEG.jsonl whose lines ("records") are both a
 * hash chain and the leaves of a Merkle tree; a signed checkpoint after each segment.
 */
#ifndef SL_BUNDLE_H
#define SL_BUNDLE_H

#include <strandline/source.h>

/** Largest payload member, and most payload bytes in a segment; the writer makes them half as
 * large.
 */
#define SL_BUNDLE_PART_BYTES (16u << 20)
/** Longest record line, line feed included. */
#define SL_BUNDLE_LINE_BYTES (64u << 10)
/** First byte of a key in this format: Ed25519, as in C2SP signed notes. */
#define SL_BUNDLE_KEY_ED25519 0x01
/** The target id of records about the bundle or the host itself. Containers count from 1. */
#define SL_BUNDLE_TARGET_HOST 0

/** How a bundle was closed. */
enum sl_bundle_status {
	SL_BUNDLE_COMPLETE,
	SL_BUNDLE_ABORTED,
	SL_BUNDLE_NOSPACE,
	SL_BUNDLE_SIGNAL,
	SL_BUNDLE_DEADLINE,
};

SL_API const char *sl_bundle_status_name(enum sl_bundle_status status);

/* ---- writing ---- */

struct sl_bundle_writer;

struct sl_bundle_options {
	unsigned int threads; /**< compressing threads, 0: none beside the caller */
	int level; /**< zstd level; 0: parameters of our own, as fast as 2, as small as 3 */
	uint64_t segment_ns;        /**< close a segment after this long; 0 means 1 s */
	const char *readme;         /**< first member, README.txt; NULL for the built-in text */
	const char *verify_script;  /**< second member, verify.sh; NULL for the built-in script */
	const char *key_pem;        /**< long-term Ed25519 key (PKCS#8 PEM), or NULL */
	const char *key_passphrase; /**< or NULL */
	/** Members (JSON text without the braces, may be NULL) of the `open` record. */
	const char *open_members;
	/**
	 * Called with every signed checkpoint once its segment is on disk: at the latest when the
	 * next one ends, and at sync, close and free. May be NULL.
	 */
	void (*checkpoint)(void *payload, const char *note, size_t len);
	void *payload;
	/**
	 * Bytes of holes that go into digests, in all; a file with more than what is left of them
	 * is stored without a digest of the whole. 0 means 4 GiB.
	 */
	uint64_t max_holes;
	/** Bytes to keep reserved so that the closing records always fit; 0 means 1 MiB. */
	uint64_t reserve_bytes;
	/**
	 * Encrypt with age, version 1: recipients, "age1...", one a line. Or to whoever knows this
	 * passphrase. Not both; NULL for neither. Every checkpoint ends an age chunk: what is on
	 * the disk can be decrypted, whatever comes after.
	 */
	const char *recipients, *encryption_passphrase;
};

/** Start a bundle on @p fd (file or pipe), which is taken over, also on failure. */
SL_API int sl_bundle_create(struct sl_bundle_writer **out, int fd,
			    const struct sl_bundle_options *options, struct sl_error *err);

/** The epoch-0 fingerprint, at least 128 bits, to be written down: "3f2a-9b1c-...". Borrowed. */
SL_API const char *sl_bundle_fingerprint(const struct sl_bundle_writer *w);
/** The bundle id, 32 hexadecimal digits. Borrowed. */
SL_API const char *sl_bundle_id(const struct sl_bundle_writer *w);

/**
 * Append one record. The writer adds v, seq, prev, t, boot_ns, type and target in front of the
 * given members (JSON text without the braces, may be empty).
 *
 * @param[out] seq  its sequence number; may be NULL
 * @return 0; -SL_ELIMIT when the line would be too long
 */
SL_API int sl_bundle_record(struct sl_bundle_writer *w, const char *type, uint32_t target,
			    const char *members, uint64_t *seq, struct sl_error *err);

/** Declare a container. @param[out] target  the id for its records, from 1 */
SL_API int sl_bundle_target(struct sl_bundle_writer *w, const char *members, uint32_t *target,
			    struct sl_error *err);

/** One object to be kept. */
struct sl_bundle_file {
	uint32_t target;
	const char *role;             /**< "upper", "before", "metadata", "log", "work" */
	const struct sl_entry *entry; /**< path relative to the role's root */
	struct sl_content *content;   /**< read once and closed; NULL: a record without payload */
	const char *members;          /**< further JSON members of the record, or NULL */
	uint64_t max_bytes;           /**< stop after so many, as a gap; 0: the entry's size */
	/** What the content will give, in one piece, was read and hashed before: its SHA-256. */
	const uint8_t *sha256;
	uint64_t sha256_bytes; /**< and how many bytes that is of */
};

/** What became of it. */
struct sl_bundle_stored {
	uint64_t seq;
	uint8_t sha256[SL_SHA256_SIZE]; /**< of the bytes read; valid when has_sha256 */
	bool has_sha256;
	struct sl_read read;
	uint64_t payload_bytes; /**< of its members: holes are in none */
};

/**
 * Store a file and append its `file` record.
 *
 * The size promised by the entry is what the member gets: a file that shrinks is padded with
 * zeros, one that grows is cut there, and the record says so. More than one part becomes `part`
 * records of their own, in as many segments as it takes.
 *
 * @return 0 also when reading ended early (see out->read); negative when writing failed
 */
SL_API int sl_bundle_add_file(struct sl_bundle_writer *w, const struct sl_bundle_file *file,
			      struct sl_bundle_stored *out, struct sl_error *err);

/** Append a `gap` record: something planned was not taken. */
SL_API int sl_bundle_gap(struct sl_bundle_writer *w, uint32_t target, const struct sl_gap *gap,
			 struct sl_error *err);

/**
 * Say which changes to the examined system are not taken back, for the close record: a JSON array,
 * which is copied. Without it the list is empty.
 */
SL_API int sl_bundle_in_force(struct sl_bundle_writer *w, const char *json_array,
			      struct sl_error *err);

/** End the segment now (a phase change); everything so far is on the disk after. */
SL_API int sl_bundle_sync(struct sl_bundle_writer *w, struct sl_error *err);

/** Append the close record, seal, and write index and seek table. */
SL_API int sl_bundle_close(struct sl_bundle_writer *w, enum sl_bundle_status status,
			   struct sl_error *err);

/**
 * Free. Without close the bundle stays open-ended: intact up to its last checkpoint, behind which
 * bytes of the open segment may stand that nobody attests. NULL is fine.
 */
SL_API void sl_bundle_writer_free(struct sl_bundle_writer *w);

/* ---- reading ---- */

struct sl_bundle_reader;

/** One record line as it stands in the journal. Borrowed until the next call. */
struct sl_bundle_record {
	uint64_t seq;
	const char *type;
	uint32_t target;
	const char *line; /**< exact bytes, line feed left out */
	size_t len;
	bool attested; /**< lies under a checkpoint whose signature was good */
};

/**
 * The bytes of a bundle that may be encrypted. What takes a descriptor takes such an input too, by
 * the function with _input in its name; positions and offsets are then those of the decrypted
 * bytes.
 */
struct sl_bundle_input;

/** What opens an encrypted bundle. */
struct sl_bundle_unlock {
	const char *identities; /**< age identity files, one after the other; NULL for none */
	const char *passphrase; /**< or NULL */
};

/**
 * Takes over @p fd, also on failure. A bundle that is not encrypted needs no @p unlock (may be
 * NULL). Secrets are copied, into locked memory.
 *
 * @return 0; -SL_ENOTFOUND when it is encrypted and nothing of @p unlock opens it; -SL_EUNTRUSTED
 *         when the head of the encryption was changed
 */
SL_API int sl_bundle_input_open(struct sl_bundle_input **out, int fd,
				const struct sl_bundle_unlock *unlock, struct sl_error *err);
/** NULL is fine. */
SL_API void sl_bundle_input_free(struct sl_bundle_input *in);

/** Read records of a file without judging them; takes over @p fd, also on failure. */
SL_API int sl_bundle_open(struct sl_bundle_reader **out, int fd, struct sl_error *err);
/** @p in is borrowed until the reader is freed. */
SL_API int sl_bundle_open_input(struct sl_bundle_reader **out, struct sl_bundle_input *in,
				struct sl_error *err);
SL_API int sl_bundle_next(struct sl_bundle_reader *r, const struct sl_bundle_record **out,
			  struct sl_error *err);
SL_API void sl_bundle_reader_free(struct sl_bundle_reader *r);

/* ---- verifying ---- */

enum sl_verdict {
	SL_VERDICT_BROKEN,          /**< bytes contradict each other, or an anchor proves more */
	SL_VERDICT_INCOMPLETE,      /**< intact as far as it goes, not closed as complete */
	SL_VERDICT_UNSIGNED,        /**< intact, but nothing is signed */
	SL_VERDICT_SELF_CONSISTENT, /**< intact and complete, bound to nothing outside */
	SL_VERDICT_SIGNED,          /**< under a long-term key that lived on the examined host */
	SL_VERDICT_ANCHORED,        /**< bound to something the user brought from outside */
};

SL_API const char *sl_verdict_name(enum sl_verdict v);

/** A time stamp kept beside the bundle: a response or token of RFC 3161, DER. */
struct sl_token {
	const void *der;
	size_t len;
};

struct sl_verify_options {
	const char *fingerprint; /**< epoch-0 fingerprint as noted, or NULL */
	const char *key_pem;     /**< long-term public key, or NULL */
	const char *note;        /**< a checkpoint kept elsewhere, or NULL */
	size_t note_len;
	const struct sl_token *tokens; /**< time stamps over the last checkpoint, or NULL */
	size_t token_count;
	const char *ca_pem; /**< whom to believe about the time, or NULL: no token anchors then */
	unsigned int threads;
};

/** What one token says. */
struct sl_stamp {
	bool has_time; /**< it is a token, signed by the certificate in it */
	struct sl_time time;
	char *tsa;        /**< subject of that certificate, quoted; owned; NULL without time */
	bool verified;    /**< over the last checkpoint, and believed by ca_pem at that time */
	bool contradicts; /**< damaged, or over something else than this bundle */
	char *problem;    /**< why it is not verified, one line; owned; NULL when it is */
};

/** What verification found. Free with sl_verify_result_clear(). */
struct sl_verify_result {
	enum sl_verdict verdict;
	bool closed;
	enum sl_bundle_status status; /**< when closed */
	bool anchored_fingerprint, anchored_key, anchored_note, anchored_stamp;
	uint64_t records, attested; /**< seen, and lying under a good checkpoint */
	uint64_t segments, payloads, payload_bytes, gaps;
	char bundle_id[33];
	char fingerprint[64];         /**< of epoch 0, for comparison by eye */
	uint8_t root[SL_SHA256_SIZE]; /**< Merkle root of the last good checkpoint */
	char *note; /**< the last good checkpoint as it stands in the bundle; owned, or NULL */
	size_t note_len;
	struct sl_stamp *stamps; /**< one a token, in their order; owned */
	size_t stamp_count;
	/* the first thing that is wrong, when broken or incomplete */
	bool has_fault;
	uint64_t fault_segment, fault_record, fault_offset; /**< offset: byte in the file */
	char *fault;                                        /**< one line; owned */
	/* what still holds, whatever the verdict: it lies under signed checkpoints before the fault
	 */
	uint64_t trusted_records, trusted_segments, trusted_payloads, trusted_payload_bytes;
};

/** @return 0 with a verdict, whatever it is; negative when none could be reached */
SL_API int sl_bundle_verify(int fd, const struct sl_verify_options *options,
			    struct sl_verify_result *out, struct sl_error *err);
SL_API int sl_bundle_verify_input(struct sl_bundle_input *in,
				  const struct sl_verify_options *options,
				  struct sl_verify_result *out, struct sl_error *err);
SL_API void sl_verify_result_clear(struct sl_verify_result *r);

/* ---- getting items out ---- */

/**
 * Write the content of the `file` record @p seq to @p out_fd, checked against its digest.
 * @return 0; -SL_ENOTFOUND; -SL_EUNTRUSTED when the bytes do not match (already written: discard)
 */
SL_API int sl_bundle_extract(int fd, uint64_t seq, int out_fd, struct sl_error *err);
SL_API int sl_bundle_extract_input(struct sl_bundle_input *in, uint64_t seq, int out_fd,
				   struct sl_error *err);

#endif
