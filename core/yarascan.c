/* SPDX-License-Identifier: Apache-2.0 */
#include "core/yarascan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#ifdef STRANDLINE_HAVE_YARA
#	include <yara.h>
#	ifndef STRANDLINE_STATIC_YARA
#		include <dlfcn.h>
#	endif
#endif

#include "core/cleanup.h"
#include "core/quote.h"
#include "core/root.h"

#ifdef STRANDLINE_HAVE_YARA

/* The calls of libyara that are used, wherever they come from. */
#	define CALLS(X)                                                                           \
		X(yr_initialize)                                                                   \
		X(yr_finalize)                                                                     \
		X(yr_compiler_create)                                                              \
		X(yr_compiler_destroy)                                                             \
		X(yr_compiler_set_callback)                                                        \
		X(yr_compiler_add_fd)                                                              \
		X(yr_compiler_get_rules)                                                           \
		X(yr_rules_destroy)                                                                \
		X(yr_scanner_create)                                                               \
		X(yr_scanner_destroy)                                                              \
		X(yr_scanner_set_callback)                                                         \
		X(yr_scanner_set_flags)                                                            \
		X(yr_scanner_set_timeout)                                                          \
		X(yr_scanner_scan_mem)

struct calls {
#	define X(name) __typeof__(&(name)) name;
	CALLS(X)
#	undef X
};

struct yarascan {
	struct calls calls;
	void *library; /* NULL where it is linked */
	bool is_begun;
	YR_RULES *rules;
	YR_SCANNER *scanner;
	size_t count;
	struct yarascan_matches *matches; /* of the scan that runs */
};

/* What the compiler objects to, first. */
struct complaint {
	const char *file;
	char *text; /* owned */
};

#	ifdef STRANDLINE_STATIC_YARA
static int load(struct yarascan *y, struct sl_error *err)
{
	(void)err;
#		define X(name) y->calls.name = name;
	CALLS(X)
#		undef X
	return 0;
}
#	else
/* The very version that the structures of the header belong to: STRANDLINE_YARA_SONAME. */
static int load(struct yarascan *y, struct sl_error *err)
{
	y->library = dlopen(STRANDLINE_YARA_SONAME, RTLD_NOW | RTLD_LOCAL);
	if (y->library == NULL)
		return sl_fail(err, SL_EUNSUPPORTED, 0,
			       "YARA rules need " STRANDLINE_YARA_SONAME
			       ", which cannot be loaded: install libyara");
#		define X(name)                                                                    \
			*(void **)(void *)&y->calls.name = dlsym(y->library, #name);               \
			if (y->calls.name == NULL)                                                 \
				return sl_fail(err, SL_EUNSUPPORTED, 0,                            \
					       STRANDLINE_YARA_SONAME " has no " #name);
	CALLS(X)
#		undef X
	return 0;
}
#	endif

void yarascan_close(struct yarascan *y)
{
	if (y == NULL)
		return;
	if (y->scanner != NULL)
		y->calls.yr_scanner_destroy(y->scanner);
	if (y->rules != NULL)
		y->calls.yr_rules_destroy(y->rules);
	if (y->is_begun)
		y->calls.yr_finalize();
#	ifndef STRANDLINE_STATIC_YARA
	if (y->library != NULL)
		dlclose(y->library);
#	endif
	free(y);
}

/* ---- compiling ---- */

static void on_complaint(int level, const char *file, int line, const YR_RULE *rule,
			 const char *message, void *payload)
{
	struct complaint *c = payload;
	AUTO_FREE char *shown_file = NULL, *shown = NULL;

	(void)rule;
	if (level != YARA_ERROR_LEVEL_ERROR || c->text != NULL)
		return;
	file = file != NULL ? file : c->file;
	shown_file = quote_dup(file, strlen(file));
	shown = quote_dup(message, strlen(message));
	if (shown_file == NULL || shown == NULL ||
	    asprintf(&c->text, "%s:%d: %s", shown_file, line, shown) < 0)
		c->text = NULL;
}

/* A name space a file: rules of two files may have the same name. */
static int add_file(struct yarascan *y, YR_COMPILER *compiler, const char *path,
		    struct sl_error *err)
{
	struct complaint complaint = {.file = path};
	AUTO_CLOSE int fd = root_open_named(path, false, err);
	struct stat st;
	int rc = 0;

	if (fd < 0)
		return sl_wrap(err, fd, "YARA rules");
	if (fstat(fd, &st) < 0 || st.st_size == 0)
		return sl_fail(err, SL_EFORMAT, 0, "YARA rules '%s': empty", path);
	y->calls.yr_compiler_set_callback(compiler, on_complaint, &complaint);
	if (y->calls.yr_compiler_add_fd(compiler, fd, path, path) != 0)
		rc = sl_fail(err, SL_EFORMAT, 0, "YARA rules: %s",
			     complaint.text != NULL ? complaint.text : path);
	free(complaint.text);
	return rc;
}

static bool is_rule_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && dot != name &&
	       (strcmp(dot, ".yar") == 0 || strcmp(dot, ".yara") == 0);
}

static int add_dir(struct yarascan *y, YR_COMPILER *compiler, const char *path,
		   struct sl_error *err)
{
	CLEANUP(root_names_clear) struct root_names names = {0};
	AUTO_CLOSE int fd = root_open_dir(path, err);
	size_t found = 0;
	int rc = fd < 0 ? fd : root_list(fd, &names, YARASCAN_FILES_MAX, err);

	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		AUTO_FREE char *file = NULL;

		if (!is_rule_file(names.names[i]))
			continue;
		if (asprintf(&file, "%s/%s", path, names.names[i]) < 0) {
			file = NULL;
			return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
		}
		found++;
		rc = add_file(y, compiler, file, err);
	}
	if (rc == 0 && found == 0)
		rc = sl_fail(err, SL_ENOTFOUND, 0, "YARA rules '%s': no *.yar or *.yara in it",
			     path);
	return rc;
}

static int compile(struct yarascan *y, const char *path, struct sl_error *err)
{
	YR_COMPILER *compiler = NULL;
	struct stat st;
	int rc = 0;

	if (y->calls.yr_compiler_create(&compiler) != ERROR_SUCCESS)
		return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	if (stat(path, &st) < 0)
		rc = sl_fail(err, SL_ENOTFOUND, errno, "YARA rules '%s'", path);
	else if (S_ISDIR(st.st_mode))
		rc = add_dir(y, compiler, path, err);
	else
		rc = add_file(y, compiler, path, err);
	if (rc == 0 && y->calls.yr_compiler_get_rules(compiler, &y->rules) != ERROR_SUCCESS)
		rc = sl_fail(err, SL_ENOMEM, 0, "YARA rules '%s'", path);
	y->calls.yr_compiler_destroy(compiler);
	return rc;
}

static const char *severity_of(const YR_RULE *rule)
{
	const YR_META *meta = NULL;

	yr_rule_metas_foreach(rule, meta) if (meta->type == META_TYPE_STRING &&
					      strcmp(meta->identifier, "severity") ==
						      0) return meta->string;
	return NULL;
}

static int on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *payload)
{
	struct yarascan *y = payload;
	const YR_RULE *rule = data;

	(void)context;
	if (message != CALLBACK_MSG_RULE_MATCHING)
		return CALLBACK_CONTINUE;
	if (y->matches->count < YARASCAN_MATCHES_MAX)
		y->matches->items[y->matches->count++] =
			(struct yarascan_match){rule->identifier, severity_of(rule)};
	else
		y->matches->more++;
	return CALLBACK_CONTINUE;
}

int yarascan_open(struct yarascan **out, const char *path, struct sl_error *err)
{
	struct yarascan *y = calloc(1, sizeof(*y));
	int rc = y != NULL ? load(y, err) : sl_fail(err, SL_ENOMEM, 0, "YARA rules");

	if (rc == 0 && y->calls.yr_initialize() != ERROR_SUCCESS)
		rc = sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	if (rc == 0) {
		y->is_begun = true;
		rc = compile(y, path, err);
	}
	if (rc == 0 && y->calls.yr_scanner_create(y->rules, &y->scanner) != ERROR_SUCCESS)
		rc = sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	if (rc < 0) {
		yarascan_close(y);
		return rc;
	}
	y->count = y->rules->num_rules;
	/* the bytes are in our own memory: no signal handler has to catch a file that shrinks */
	y->calls.yr_scanner_set_flags(y->scanner,
				      SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING);
	*out = y;
	return 0;
}

size_t yarascan_count(const struct yarascan *y)
{
	return y->count;
}

int yarascan_bytes(struct yarascan *y, const void *bytes, size_t len, int seconds,
		   struct yarascan_matches *out, struct sl_error *err)
{
	int code;

	*out = (struct yarascan_matches){.count = 0};
	y->matches = out;
	y->calls.yr_scanner_set_callback(y->scanner, on_message, y);
	y->calls.yr_scanner_set_timeout(y->scanner, seconds);
	code = y->calls.yr_scanner_scan_mem(y->scanner, bytes, len);
	y->matches = NULL;
	if (code == ERROR_SCAN_TIMEOUT)
		return sl_fail(err, SL_ELIMIT, 0, "YARA rules take longer than %d seconds",
			       seconds);
	if (code == ERROR_INSUFFICIENT_MEMORY)
		return sl_fail(err, SL_ENOMEM, 0, "YARA rules");
	return code == ERROR_SUCCESS
		       ? 0
		       : sl_fail(err, SL_EIO, 0, "YARA rules cannot be applied (error %d)", code);
}

#else

struct yarascan {
	size_t count;
};

int yarascan_open(struct yarascan **out, const char *path, struct sl_error *err)
{
	*out = NULL;
	(void)path;
	return sl_fail(err, SL_EUNSUPPORTED, 0, "this program was built without libyara");
}

void yarascan_close(struct yarascan *y)
{
	free(y);
}

size_t yarascan_count(const struct yarascan *y)
{
	return y->count;
}

int yarascan_bytes(struct yarascan *y, const void *bytes, size_t len, int seconds,
		   struct yarascan_matches *out, struct sl_error *err)
{
	(void)y;
	(void)bytes;
	(void)len;
	(void)seconds;
	*out = (struct yarascan_matches){.count = 0};
	return sl_fail(err, SL_EUNSUPPORTED, 0, "this program was built without libyara");
}

#endif
