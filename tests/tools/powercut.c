/* SPDX-License-Identifier: Apache-2.0 */
/*
 * powercut LOG SEED TIMES killed|cut: what is left of a bundle whose writer ended at random
 * moments. LOG is what preload/faultio.c wrote down of one capture. "killed": all that was written
 * is there, the last write perhaps in part. "cut": the power went; what was synced is there, and of
 * each page that was written since, either nothing (zeros, or the file is shorter) or all.
 *
 * However it ended, verify attests at least the last checkpoint that was told elsewhere. Prints how
 * many moments there were in each verdict; ends with 1 at the first that fails.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <strandline/bundle.h>

#include "core/cleanup.h"
#include "core/note.h"
#include "preload/faultio.h"

#define PAGE 4096u

struct event {
	struct faultio_event head;
	const uint8_t *bytes;
};

struct log {
	uint8_t *bytes;
	struct event *events;
	size_t count;
	uint64_t end; /* of the file at its largest */
};

/* A file as it is on the disk. */
struct disk {
	uint8_t *bytes;
	uint64_t len;
};

static uint64_t random_below(uint64_t *state, uint64_t n)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 33) % n;
}

/* The whole file; NULL when it cannot be read. */
static uint8_t *read_log(const char *path, uint64_t *size)
{
	FILE *in = fopen(path, "rbe");
	uint8_t *bytes = NULL;
	long end = -1;

	if (in == NULL)
		return NULL;
	if (fseek(in, 0, SEEK_END) == 0)
		end = ftell(in);
	rewind(in);
	if (end > 0)
		bytes = malloc((size_t)end);
	if (bytes != NULL && fread(bytes, 1, (size_t)end, in) != (size_t)end) {
		free(bytes);
		bytes = NULL;
	}
	(void)fclose(in);
	*size = (uint64_t)end;
	return bytes;
}

static bool load(struct log *log, const char *path)
{
	uint64_t size, at = 0;

	log->bytes = read_log(path, &size);
	if (log->bytes == NULL)
		return false;
	log->events = calloc(size / sizeof(struct faultio_event) + 1, sizeof(struct event));
	while (log->events != NULL && at + sizeof(struct faultio_event) <= size) {
		struct event *e = &log->events[log->count++];

		memcpy(&e->head, log->bytes + at, sizeof(e->head));
		at += sizeof(e->head);
		e->bytes = log->bytes + at;
		if (e->head.kind == FAULTIO_WRITE || e->head.kind == FAULTIO_NOTE)
			at += e->head.len;
		if (e->head.kind == FAULTIO_WRITE && e->head.offset + e->head.len > log->end)
			log->end = e->head.offset + e->head.len;
	}
	return at == size;
}

static void put(struct disk *d, uint64_t offset, const uint8_t *bytes, uint64_t len)
{
	memcpy(d->bytes + offset, bytes, len);
	if (offset + len > d->len)
		d->len = offset + len;
}

static void apply(struct disk *d, const struct event *e, uint64_t len)
{
	if (e->head.kind == FAULTIO_WRITE)
		put(d, e->head.offset, e->bytes, len);
	else if (e->head.kind == FAULTIO_TRUNCATE && e->head.offset < d->len)
		d->len = e->head.offset;
}

/* Of a write that was not synced, any page may be there or not. */
static void apply_in_part(struct disk *d, const struct event *e, uint64_t *seed)
{
	uint64_t at = e->head.offset, end = at + e->head.len;

	if (e->head.kind != FAULTIO_WRITE)
		return;
	while (at < end) {
		uint64_t next = (at / PAGE + 1) * PAGE;

		next = next < end ? next : end;
		if (random_below(seed, 2) == 0)
			put(d, at, e->bytes + (at - e->head.offset), next - at);
		at = next;
	}
}

/* How many events before @moment are on the disk for sure. */
static size_t synced_before(const struct log *log, size_t moment)
{
	size_t begun = 0, synced = 0;

	for (size_t i = 0; i < moment; i++) {
		if (log->events[i].head.kind == FAULTIO_SYNC_BEGIN)
			begun = i;
		else if (log->events[i].head.kind == FAULTIO_SYNC_END)
			synced = begun;
	}
	return synced;
}

static void rebuild(struct disk *d, const struct log *log, size_t moment, bool is_cut,
		    uint64_t *seed)
{
	size_t synced = is_cut ? synced_before(log, moment) : moment;
	const struct event *last = &log->events[moment];

	memset(d->bytes, 0, log->end);
	d->len = 0;
	for (size_t i = 0; i < moment; i++) {
		if (i < synced)
			apply(d, &log->events[i], log->events[i].head.len);
		else
			apply_in_part(d, &log->events[i], seed);
	}
	if (!is_cut && last->head.kind == FAULTIO_WRITE)
		apply(d, last, random_below(seed, last->head.len + 1));
}

/* The last checkpoint that somebody else had by then. */
static const struct event *told_before(const struct log *log, size_t moment)
{
	const struct event *told = NULL;

	for (size_t i = 0; i < moment; i++)
		if (log->events[i].head.kind == FAULTIO_NOTE)
			told = &log->events[i];
	return told;
}

static uint64_t records_in(const struct event *note)
{
	struct checkpoint c = {0};
	struct note n;

	if (note_parse(&n, (const char *)note->bytes, note->head.len, NULL) < 0 ||
	    note_checkpoint_parse(&c, n.text, NULL) < 0)
		return UINT64_MAX;
	return c.size;
}

/* 0 when as much is attested as had been told. */
static int judge(const struct disk *d, const struct event *told, size_t *verdicts)
{
	AUTO_CLOSE int fd = memfd_create("bundle", MFD_CLOEXEC);
	CLEANUP(sl_verify_result_clear) struct sl_verify_result r = {0};
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;
	struct sl_verify_options options = {0};
	uint64_t least = told != NULL ? records_in(told) : 0;

	if (fd < 0 || write(fd, d->bytes, d->len) != (ssize_t)d->len || lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	if (sl_bundle_verify(fd, &options, &r, &err) < 0) {
		printf("no verdict: %s\n", sl_error_text(&err));
		return -1;
	}
	verdicts[r.verdict]++;
	if (r.attested >= least)
		return 0;
	printf("%s, %llu records attested, %llu had been told: %s\n", sl_verdict_name(r.verdict),
	       (unsigned long long)r.attested, (unsigned long long)least,
	       r.has_fault ? r.fault : "no fault");
	return -1;
}

static int run(const struct log *log, uint64_t seed, unsigned long times, bool is_cut)
{
	struct disk disk = {.bytes = malloc(log->end + 1)};
	size_t verdicts[SL_VERDICT_ANCHORED + 1] = {0}, told = 0;
	int status = disk.bytes == NULL;

	for (unsigned long i = 0; status == 0 && i < times; i++) {
		size_t moment = random_below(&seed, log->count);
		const struct event *note = told_before(log, moment);

		rebuild(&disk, log, moment, is_cut, &seed);
		told += note != NULL;
		if (judge(&disk, note, verdicts) < 0) {
			printf("at moment %zu of %zu, %llu bytes left\n", moment, log->count,
			       (unsigned long long)disk.len);
			status = 1;
		}
	}
	free(disk.bytes);
	for (size_t v = 0; v < ARRAY_SIZE(verdicts); v++)
		printf("%s %zu\n", sl_verdict_name((enum sl_verdict)v), verdicts[v]);
	printf("told %zu\n", told);
	return status;
}

int main(int argc, char **argv)
{
	struct log log = {0};
	int status = 2;

	if (argc == 5 && load(&log, argv[1]))
		status = run(&log, strtoull(argv[2], NULL, 10), strtoul(argv[3], NULL, 10),
			     strcmp(argv[4], "cut") == 0);
	else
		printf("powercut LOG SEED TIMES killed|cut: cannot read the log\n");
	free(log.bytes);
	free(log.events);
	return status;
}
