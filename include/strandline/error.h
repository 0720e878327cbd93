/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file error.h
 * One failure, carried on the caller's stack and told from the inside out.
 */
#ifndef SL_ERROR_H
#define SL_ERROR_H

#include <strandline/base.h>

/** Why a call failed. Functions return the negated code; 0 is success, 1 is end of sequence. */
enum sl_code {
	SL_ENOMEM = 1, /**< allocation failed */
	SL_EIO,        /**< the operating system refused; see sl_error.sys */
	SL_EFORMAT,    /**< input bytes break the format they claim to follow */
	SL_EUNTRUSTED, /**< digest or signature does not match: the source contradicts itself */
	SL_ELIMIT,     /**< input is larger than a configured bound; the message names the bound */
	SL_EINVAL,     /**< the caller asked for something meaningless */
	SL_ENOTFOUND,  /**< what was asked for is not there */
	SL_EAMBIGUOUS, /**< a reference fits several things; the message lists them */
	SL_EUNSUPPORTED, /**< recognised, but this version cannot read it */
	SL_ECANCELLED,   /**< a signal or a deadline ended the work */
};

/** One failure; each layer it passes may put in front where it was. */
struct sl_error {
	enum sl_code code;
	int sys;   /**< errno at the point of failure, or 0 */
	char *msg; /**< owned; NULL when nothing failed or memory ran out */
};

#define SL_ERROR_INIT ((struct sl_error){0})

/**
 * Record a failure.
 *
 * The message is lower case, without a full stop; when @p sys is not 0 its text is appended
 * (": Permission denied"). Bytes from evidence are quoted by the caller (core/quote.h).
 *
 * @param err  may be NULL when the caller only wants the code
 * @return -code, so that `return sl_fail(...)` reads as one sentence
 */
SL_API int sl_fail(struct sl_error *err, enum sl_code code, int sys, const char *fmt, ...)
	SL_PRINTF(4, 5);

#ifdef __clang_analyzer__
/* The analyzer cannot see that a failure is negative, and imagines paths on which it is not. */
#	define sl_fail(...) (sl_fail(__VA_ARGS__), -1)
#endif

/** Put context in front of the message already in @p err. @return @p rc */
SL_API int sl_wrap(struct sl_error *err, int rc, const char *fmt, ...) SL_PRINTF(3, 4);

/** The message, or a fixed text for the code when there is none. Borrowed from @p err. */
SL_API const char *sl_error_text(const struct sl_error *err);

/** Release the message; safe to call twice, and on SL_ERROR_INIT. */
SL_API void sl_error_clear(struct sl_error *err);

#endif
