/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/sample_notes.h"

#include <sys/stat.h>

#include "core/cleanup.h"
#include "unit/fake_source.h"

#define SCRIPT "<script>document.title='pwned'</script>"

static const struct sl_line lines[] = {
	{'-', 1, PATH("root:x:0:0:root:/root:/bin/sh")},
	{'+', 1, PATH("root:x:0:0:root:/root:/bin/bash")},
	{'+', 2, PATH("evil\033[2J:x:0:0::" SCRIPT ":/bin/sh\xff")},
};
static const struct sl_package package = {.manager = "dpkg",
					  .name = PATH("base-files" SCRIPT),
					  .version = PATH("12.4\n"),
					  .has_digest = true};
static const char *const yara[] = {"webshell_php", "packed_" SCRIPT};

static const struct sl_finding others[] = {
	{.kind = SL_FINDING_PROCESS,
	 .id = {0xe0},
	 .severity = SL_SEVERITY_CRITICAL,
	 .subject = PATH("/memfd:x" SCRIPT),
	 .signals = SL_SIGNAL_RUNNING | SL_SIGNAL_MEMFD,
	 .message = "runs from memory",
	 .rules = {"process.memfd", "process.second"},
	 .reasons = {"runs a file that has no name", "and another reason [x](http://evil) {0}"},
	 .rule_count = 2,
	 .attack = {"T1055", "T1620"},
	 .attack_count = 2,
	 .notes = {.pid = 4242,
		   .process = PATH("./x --do \"" SCRIPT "\" \033[31m\n"),
		   .is_seen = true}},
	{.kind = SL_FINDING_CONFIG,
	 .id = {0xe1},
	 .severity = SL_SEVERITY_HIGH,
	 .subject = PATH("privileged"),
	 .message = "differs from the approved profile",
	 .notes = {.setting = "privileged", .expected = "false", .found = "true" SCRIPT}},
	{.kind = SL_FINDING_POSTURE,
	 .id = {0xe2},
	 .severity = SL_SEVERITY_INFO,
	 .subject = PATH("user"),
	 .message = "4.1 Ensure that a user for the container has been created",
	 .notes = {.setting = "user", .found = "root"}},
	{.kind = SL_FINDING_LAYER,
	 .id = {0xe3},
	 .severity = SL_SEVERITY_CRITICAL,
	 .subject = PATH("sha256:abc"),
	 .message = "a layer directory is not the image's",
	 .rules = {"layer.tampered"},
	 .reasons = {"a layer was changed on disk"},
	 .rule_count = 1},
};

int sample_feed_others(struct sl_sink *sink)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(others); i++)
		rc = sl_sink_finding(sink, &others[i], NULL);
	return rc;
}

static const struct sl_bytes zoo[] = {
	PATH("zoo/\x01\x02\x7f"),
	PATH("zoo/\x1b]0;owned\x07"),
	PATH("zoo/\" onmouseover=\"document.title='pwned'\" x=\""),
	PATH("zoo/%2e%2e%2f?#:"),
	PATH("zoo/'--><style>body{display:none}</style>"),
	PATH("zoo/<img src=x onerror=document.title='pwned'>"),
	PATH("zoo/" SCRIPT),
	PATH("zoo/[click](https:%2f%2fexample.com) {0}"),
	PATH("zoo/a\nnewline"),
	PATH("zoo/javascript:document.title='pwned'"),
	PATH("zoo/passwd"),
	PATH("zoo/renamed"),
	PATH("zoo/\xc2\x85nel"),
	PATH("zoo/\xe2\x80\xae"
	     "txt.exe"),
	PATH("zoo/\xff\xfe"),
};

static const struct sl_entry before = {.mode = S_IFREG | 0644,
				       .size = 10,
				       .fields = SL_ENTRY_SHA256 | SL_ENTRY_MTIME | SL_ENTRY_XATTRS,
				       .mtime = {1795359600, 0},
				       .sha256 = {1}};
static const struct sl_entry after = {.mode = S_IFREG | 0644,
				      .size = 12,
				      .fields = SL_ENTRY_SHA256 | SL_ENTRY_MTIME | SL_ENTRY_XATTRS,
				      .mtime = {1795359600, 5},
				      .sha256 = {2}};

static const struct sl_notes everything = {.lines = lines,
					   .line_count = ARRAY_SIZE(lines),
					   .lines_left_out = 7,
					   .package = &package,
					   .yara = yara,
					   .yara_count = ARRAY_SIZE(yara),
					   .listed_as = "known tool " SCRIPT,
					   .ack_by = "bob",
					   .ack_reason = "ticket 7 " SCRIPT,
					   .has_ack_until = true,
					   .ack_until = {1795459600, 0}};

int sample_feed_zoo(struct sl_sink *sink)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_SIZE(zoo); i++) {
		bool is_passwd = sl_path_compare(zoo[i], PATH("zoo/passwd")) == 0;
		bool is_renamed = sl_path_compare(zoo[i], PATH("zoo/renamed")) == 0;
		struct sl_change c = {.kind = is_passwd ? SL_CHANGE_MODIFIED : SL_CHANGE_ADDED,
				      .fields = is_passwd ? SL_FIELD_CONTENT | SL_FIELD_SIZE : 0,
				      .signals = is_renamed ? SL_SIGNAL_RENAMED : 0,
				      .path = zoo[i],
				      .before = is_passwd ? &before : NULL,
				      .after = &after};
		struct sl_finding f = {.kind = SL_FINDING_FILE,
				       .id = {(uint8_t)(0x80 + i)},
				       .severity = is_passwd ? SL_SEVERITY_HIGH : SL_SEVERITY_LOW,
				       .change = &c};

		if (is_renamed)
			c.renamed_from = PATH("zoo/old" SCRIPT);
		if (is_passwd)
			f.notes = everything;
		rc = sl_sink_finding(sink, &f, NULL);
	}
	return rc;
}

void sample_count_notes(struct sl_counts *c)
{
	c->other += ARRAY_SIZE(others) - 1; /* posture is none */
	c->by_severity[SL_SEVERITY_CRITICAL] += 2;
	c->by_severity[SL_SEVERITY_HIGH] += 2;
	c->by_severity[SL_SEVERITY_LOW] += ARRAY_SIZE(zoo) - 1;
	c->by_kind[SL_CHANGE_ADDED] += ARRAY_SIZE(zoo) - 1;
	c->by_kind[SL_CHANGE_MODIFIED]++;
}
