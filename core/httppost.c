/* SPDX-License-Identifier: Apache-2.0 */
#include "core/httppost.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#ifdef STRANDLINE_HAVE_CURL
#	include <curl/curl.h>
#	include <dlfcn.h>
#endif

#include "core/cleanup.h"
#include "core/quote.h"

#ifdef STRANDLINE_HAVE_CURL

#	define CONNECT_SECONDS 10L
#	define REDIRECTIONS 3L

/* The calls of libcurl that are used. */
#	define CALLS(X)                                                                           \
		X(curl_global_init)                                                                \
		X(curl_global_cleanup)                                                             \
		X(curl_easy_init)                                                                  \
		X(curl_easy_setopt)                                                                \
		X(curl_easy_perform)                                                               \
		X(curl_easy_cleanup)                                                               \
		X(curl_easy_strerror)                                                              \
		X(curl_slist_append)                                                               \
		X(curl_slist_free_all)

/* The functions, not the macros of the same name that check types. */
#	undef curl_easy_setopt

struct calls {
#	define X(name) __typeof__(&(name)) name;
	CALLS(X)
#	undef X
};

struct http {
	struct calls calls;
	void *library;
	bool is_begun;
	CURL *curl;
	struct curl_slist *headers;
	char why[CURL_ERROR_SIZE];
};

static int load(struct http *h, struct sl_error *err)
{
	h->library = dlopen(STRANDLINE_CURL_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (h->library == NULL)
		return sl_fail(
			err, SL_EUNSUPPORTED, 0,
			"the network needs " STRANDLINE_CURL_SONAME
			", which cannot be loaded: install libcurl, or go without (--offline)");
#	define X(name)                                                                            \
		*(void **)(void *)&h->calls.name = dlsym(h->library, #name);                       \
		if (h->calls.name == NULL)                                                         \
			return sl_fail(err, SL_EUNSUPPORTED, 0,                                    \
				       STRANDLINE_CURL_SONAME " has no " #name);
	CALLS(X)
#	undef X
	return 0;
}

static void http_clear(struct http *h)
{
	if (h->headers != NULL)
		h->calls.curl_slist_free_all(h->headers);
	if (h->curl != NULL)
		h->calls.curl_easy_cleanup(h->curl);
	if (h->is_begun)
		h->calls.curl_global_cleanup();
	if (h->library != NULL)
		dlclose(h->library);
}

/* Less than what is offered ends the transfer. */
static size_t take(char *bytes, size_t size, size_t count, void *payload)
{
	return buf_append(payload, bytes, size * count) < 0 ? 0 : size * count;
}

static int add_header(struct http *h, const char *name, const char *value, struct sl_error *err)
{
	AUTO_FREE char *line = NULL;
	struct curl_slist *grown;

	if (asprintf(&line, "%s:%s%s", name, value != NULL ? " " : "", value != NULL ? value : "") <
	    0) {
		line = NULL;
		return sl_fail(err, SL_ENOMEM, 0, "request");
	}
	grown = h->calls.curl_slist_append(h->headers, line);
	if (grown == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "request");
	h->headers = grown;
	return 0;
}

/* Asked at least once a second. Anything but 0 ends the transfer. */
static int look_at_stop(void *payload, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const volatile sig_atomic_t *stop = *(const volatile sig_atomic_t *const *)payload;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return stop != NULL && *stop != 0;
}

/* What is not said here stays as libcurl has it: no cookies, no passwords, no other protocol. */
static int prepare(struct http *h, const struct httppost *post, struct buf *out,
		   struct sl_error *err)
{
	bool is_tls = strncasecmp(post->url, "https://", 8) == 0;
	const char *then = is_tls ? "https" : "http,https";
	CURLcode rc = CURLE_OK;
	int failed = add_header(h, "Content-Type", post->type, err);

	if (failed == 0)
		failed = add_header(h, "Accept", post->accept, err);
	if (failed == 0)
		failed = add_header(h, "Expect", NULL, err); /* no round trip for 100 bytes */
	if (failed < 0)
		return failed;
#	define SET(option, value)                                                                 \
		if (rc == CURLE_OK)                                                                \
		rc = h->calls.curl_easy_setopt(h->curl, option, value)
	SET(CURLOPT_URL, post->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, then);
	SET(CURLOPT_FOLLOWLOCATION, 1L);
	SET(CURLOPT_MAXREDIRS, REDIRECTIONS);
	SET(CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
	SET(CURLOPT_HTTPHEADER, h->headers);
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDS, post->body);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->len);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, out);
	SET(CURLOPT_ERRORBUFFER, h->why);
	SET(CURLOPT_FAILONERROR, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, look_at_stop);
	SET(CURLOPT_XFERINFODATA, (void *)(uintptr_t)&post->stop);
	SET(CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	SET(CURLOPT_TIMEOUT, (long)post->seconds);
	SET(CURLOPT_USERAGENT, "strandline/" STRANDLINE_VERSION);
#	undef SET
	return rc == CURLE_OK ? 0
			      : sl_fail(err, SL_EINVAL, 0, "%s", h->calls.curl_easy_strerror(rc));
}

static int perform(struct http *h, struct buf *out, struct sl_error *err)
{
	CURLcode rc = h->calls.curl_easy_perform(h->curl);
	AUTO_FREE char *shown = NULL;

	if (rc == CURLE_OK)
		return 0;
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		return sl_fail(err, SL_ECANCELLED, 0, "stopped by a signal");
	if (rc == CURLE_WRITE_ERROR && out->status == -SL_ELIMIT)
		return sl_fail(err, SL_ELIMIT, 0, "the answer has more than %zu bytes", out->max);
	shown = quote_short(h->why, strlen(h->why));
	return sl_fail(err, SL_EIO, 0, "%s",
		       shown != NULL && *shown != '\0' ? shown : h->calls.curl_easy_strerror(rc));
}

static int ask(const struct httppost *post, struct buf *out, struct sl_error *err)
{
	CLEANUP(http_clear) struct http h = {0};
	int rc = load(&h, err);

	if (rc < 0)
		return rc;
	h.is_begun = h.calls.curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	h.curl = h.is_begun ? h.calls.curl_easy_init() : NULL;
	if (h.curl == NULL)
		return sl_fail(err, SL_ENOMEM, 0, "libcurl");
	rc = prepare(&h, post, out, err);
	return rc < 0 ? rc : perform(&h, out, err);
}

#else

static int ask(const struct httppost *post, struct buf *out, struct sl_error *err)
{
	(void)post;
	(void)out;
	return sl_fail(err, SL_EUNSUPPORTED, 0,
		       "this program was built without a network: go without (--offline)");
}

#endif

int httppost(const struct httppost *post, struct buf *out, struct sl_error *err)
{
	AUTO_FREE char *shown = quote_short(post->url, strlen(post->url));
	int rc;

	if (strncasecmp(post->url, "http://", 7) != 0 && strncasecmp(post->url, "https://", 8) != 0)
		return sl_fail(err, SL_EINVAL, 0, "'%s' is no http:// or https:// address",
			       shown != NULL ? shown : "?");
	rc = ask(post, out, err);
	return rc < 0 ? sl_wrap(err, rc, "'%s'", shown != NULL ? shown : "?") : 0;
}
