/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files encrypted with age, version 1 (C2SP age.md), to X25519 recipients or a passphrase. What is
 * written here opens with any age program, and the other way round.
 *
 * Encryption hides; it says nothing of who wrote: everybody who knows a recipient can encrypt to
 * it. Trust is the business of what lies inside.
 */
#ifndef CORE_AGE_H
#define CORE_AGE_H

#include "core/buf.h"
#include "core/ostream.h"
#include "core/rfile.h"

/* Plain bytes of every chunk but the last. */
#define AGE_CHUNK_BYTES (64u << 10)
/* Longest header that is read, and most recipients that are written. */
#define AGE_HEADER_MAX (64u << 10)
#define AGE_RECIPIENTS_MAX 256
#define AGE_IDENTITIES_MAX 256
#define AGE_PASSPHRASE_MAX 1024
/* Work of a passphrase: written (128 MiB for a moment), and the most that is read (4 GiB). */
#define AGE_LOG_N 17
#define AGE_LOG_N_MAX 22

/* "age1..." and NUL, "AGE-SECRET-KEY-1..." and NUL. */
#define AGE_RECIPIENT_SIZE 63
#define AGE_IDENTITY_SIZE 75

/* Do the first bytes begin an age file, or one in its ASCII armor? */
#define AGE_SNIFF_BYTES 36
bool age_sniff(const uint8_t *bytes, size_t len);

/* ---- who shall be able to open it ---- */

struct age_recipients;

int age_recipients_new(struct age_recipients **out, struct sl_error *err);
void age_recipients_free(struct age_recipients *r);
/* One recipient, "age1...". -SL_EUNSUPPORTED for an ssh key or one of a plugin. */
int age_recipients_add(struct age_recipients *r, const char *text, size_t len,
		       struct sl_error *err);
/* A file of them: one a line, # begins a comment. At least one. */
int age_recipients_parse(struct age_recipients *r, const char *text, size_t len,
			 struct sl_error *err);
/* Instead: whoever knows it. Both is -SL_EINVAL when a file is begun. */
int age_recipients_passphrase(struct age_recipients *r, const char *passphrase, size_t len,
			      struct sl_error *err);
/* Keys; 0 with a passphrase. */
size_t age_recipients_count(const struct age_recipients *r);

/*
 * Encrypt; the header is written at once. Takes over @inner on success; @r is borrowed for the
 * call. Only whole chunks go out: at a sync point everything before it does if it fills whole
 * chunks, which is the writer's business, and then at least one byte must follow before finish.
 */
int ostream_age(struct ostream **out, struct ostream *inner, const struct age_recipients *r,
		struct sl_error *err);
/* Bytes that went to the inner stream so far. */
uint64_t ostream_age_written(const struct ostream *s);

/* ---- who opens it ---- */

struct age_identities; /* secrets, in memory of their own */

int age_identities_new(struct age_identities **out, struct sl_error *err);
void age_identities_free(struct age_identities *ids);
/*
 * An identity file: "AGE-SECRET-KEY-1..." lines, # begins a comment. At least one. The caller wipes
 * the text. One that is encrypted itself is opened with the passphrase, which then must be known.
 * -SL_EUNSUPPORTED for ssh keys and plugins.
 */
int age_identities_parse(struct age_identities *ids, const char *text, size_t len,
			 struct sl_error *err);
int age_identities_passphrase(struct age_identities *ids, const char *passphrase, size_t len,
			      struct sl_error *err);

/*
 * Decrypt: positions are those of the plain bytes, each chunk is authenticated before any byte of
 * it is given. A chunk that was changed is -SL_EUNTRUSTED; a file that ends early gives its whole
 * chunks, then the end, with is_cut set. Takes over @inner on success; @ids is borrowed for the
 * call. ASCII armor is taken off first, into a temporary file.
 *
 * -SL_EFORMAT: no age file; -SL_EUNTRUSTED: its header was changed; -SL_ENOTFOUND: none of the
 * identities opens it.
 */
int rfile_age(struct rfile **out, struct rfile *inner, const struct age_identities *ids,
	      struct sl_error *err);

/* ---- making one ---- */

/* An identity file as age-keygen writes it, and its recipient. The caller wipes the text. */
int age_keygen(struct buf *identity_file, char recipient[AGE_RECIPIENT_SIZE], struct sl_error *err);

#endif
