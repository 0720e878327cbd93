/* SPDX-License-Identifier: Apache-2.0 */
/* Does libarchive.a, without its other formats, need nothing beyond libc? See Libraries.cmake. */
#include <archive.h>
#include <archive_entry.h>

void kind_unsupported(struct archive *a, struct archive_entry *e,
		      const char *format) __asm__("__archive_write_entry_filetype_unsupported")
	__attribute__((used));
void kind_unsupported(struct archive *a, struct archive_entry *e, const char *format)
{
	(void)a;
	(void)e;
	(void)format;
}

int probe(void *payload, archive_write_callback *write);
int probe(void *payload, archive_write_callback *write)
{
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	int rc = archive_write_set_format_pax_restricted(a) |
		 archive_write_set_bytes_per_block(a, 0) |
		 archive_write_open(a, payload, NULL, write, NULL);

	archive_entry_clear(e);
	archive_entry_set_pathname(e, "name");
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0440);
	archive_entry_set_size(e, 1);
	archive_entry_set_mtime(e, 1, 0);
	rc |= archive_write_header(a, e) | (int)archive_write_data(a, "", 1) |
	      archive_write_finish_entry(a) | archive_write_close(a);
	rc |= archive_error_string(a) != NULL;
	archive_set_error(a, 0, "%s", "done");
	archive_entry_free(e);
	return rc | archive_write_free(a);
}
