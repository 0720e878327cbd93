/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/encode.h"
#include "core/quote.h"

#define BETWEEN_DRAWS_NS 100000000u /* ten a second */
#define SECOND_NS 1000000000u
#define NAME_COLUMNS 40

static void put_size(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double n = (double)bytes;
	size_t unit = 0;

	for (; n >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		n /= 1024;
	(void)buf_printf(out, unit == 0 || n >= 100 ? "%.0f %s" : "%.1f %s", n, units[unit]);
}

static void put_left(struct buf *out, uint64_t seconds)
{
	if (seconds >= 3600)
		(void)buf_printf(out, "  %" PRIu64 " h %" PRIu64 " min left", seconds / 3600,
				 seconds / 60 % 60);
	else if (seconds >= 60)
		(void)buf_printf(out, "  %" PRIu64 " min %" PRIu64 " s left", seconds / 60,
				 seconds % 60);
	else
		(void)buf_printf(out, "  %" PRIu64 " s left", seconds);
}

void progress_text(struct buf *out, uint64_t done, uint64_t total, const char *what,
		   uint64_t elapsed_ns)
{
	double seconds = (double)elapsed_ns / SECOND_NS, rate;

	if (what != NULL && *what != '\0') {
		(void)quote_bytes(out, what, strnlen(what, NAME_COLUMNS));
		(void)buf_append_str(out, ": ");
	}
	if (total > 0)
		(void)buf_printf(out, "%.0f%%  ", 100.0 * (double)done / (double)total);
	put_size(out, done);
	if (total > 0) {
		(void)buf_append_str(out, " of ");
		put_size(out, total);
	}
	if (seconds < 0.2 || done == 0)
		return; /* too early for a rate */
	rate = (double)done / seconds;
	(void)buf_append_str(out, "  ");
	put_size(out, (uint64_t)rate);
	(void)buf_append_str(out, "/s");
	if (total > done && seconds >= 1)
		put_left(out, (uint64_t)((double)(total - done) / rate) + 1);
}

static size_t terminal_columns(void)
{
	struct winsize size = {0};

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return 79;
	return (size_t)size.ws_col - 1;
}

static void draw(struct progress *p, uint64_t done, uint64_t total, const char *what, uint64_t now)
{
	CLEANUP(buf_clear) struct buf text = BUF_INIT(4096);
	size_t most = terminal_columns(), len = 0, columns = 0;

	progress_text(&text, done, total, what, now - p->started_ns);
	while (len < text.len) {
		uint32_t code;
		size_t n = utf8_next(text.data + len, text.len - len, &code);
		size_t width = quote_width(text.data + len, n > 0 ? n : 1);

		if (columns + width > most)
			break;
		columns += width;
		len += n > 0 ? n : 1;
	}
	(void)fprintf(stderr, "\r\033[K%.*s", (int)len, text.data != NULL ? text.data : "");
	(void)fflush(stderr);
	p->drawn_ns = now;
	p->shown = true;
}

static void report(void *payload, uint64_t done, uint64_t total, const char *what)
{
	struct progress *p = payload;
	uint64_t now;

	if (!p->enabled)
		return;
	now = clock_boot_ns();
	if (p->started_ns == 0 || done < p->last_done)
		p->started_ns = now;
	p->last_done = done;
	if (total > 0 && done >= total)
		progress_erase(p);
	else if (now - p->drawn_ns >= BETWEEN_DRAWS_NS)
		draw(p, done, total, what, now);
}

void progress_init(struct progress *p, bool enabled)
{
	*p = (struct progress){.iface = {report, p}, .enabled = enabled};
}

void progress_erase(struct progress *p)
{
	if (!p->shown)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	p->shown = false;
}
