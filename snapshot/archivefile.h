/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a person calls an archive to a plain tar that can be read at any place. An archive that
 * is compressed as a whole, or comes through a pipe, is unpacked into a nameless file first: its
 * blobs may stand in front of the index that says what they are.
 */
#ifndef SNAPSHOT_ARCHIVEFILE_H
#define SNAPSHOT_ARCHIVEFILE_H

#include <signal.h>

#include <strandline/baseline.h>
#include <strandline/error.h>

struct archivefile_options {
	const struct sl_limits *limits; /* bytes, ratio, window: of what is unpacked */
	bool pipe_ok;                   /* FILE may be a FIFO, which is waited for, or "-" a pipe */
	/* Told, in one line, that an archive is being unpacked, and where. May be NULL. */
	void (*say)(void *payload, const char *line);
	void *payload;
	const volatile sig_atomic_t *stop; /* may be NULL */
};

/*
 * Open the file @path, "-" for standard input, and say what it is compressed with no more.
 * Returns a descriptor; -SL_ENOTFOUND, -SL_EINVAL, -SL_EIO, -SL_EFORMAT, -SL_ECANCELLED.
 */
int archivefile_open(const char *path, const struct archivefile_options *options,
		     struct sl_error *err);

/* What a tar holds, by the names of its members. */
enum archivefile_form {
	ARCHIVEFILE_OCI,    /* an image layout: also what newer versions of docker save write */
	ARCHIVEFILE_DOCKER, /* docker save, older versions */
	ARCHIVEFILE_OTHER,  /* no image, maybe a root file system */
};

/* -SL_EFORMAT when it is no tar. */
int archivefile_sniff(int fd, enum archivefile_form *out, struct sl_error *err);

#endif
