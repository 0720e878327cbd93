/* SPDX-License-Identifier: Apache-2.0 */
#include "host/dumpelf.h"

#include <string.h>

#define NOTE_NAME "CORE"
/* "CORE" and its NUL, filled up to a multiple of four */
#define NOTE_HEAD_BYTES (sizeof(Elf64_Nhdr) + 8)
/* struct elf_prstatus of linux/elfcore.h on 64-bit processors: where its parts stand */
#define PRSTATUS_PID 32
#define PRSTATUS_REGISTERS 112
#define PRSTATUS_MAX (PRSTATUS_REGISTERS + 8 * DUMP_REGISTERS_MAX + 8)
/* struct elf_prpsinfo of the same */
#define PRPSINFO_BYTES 136

/* Where things stand. */
struct layout {
	uint64_t segments; /* program headers, the one of the notes too */
	uint64_t section;  /* of the section header that holds their number; 0: it fits */
	uint64_t notes, notes_bytes;
	uint64_t memory;
};

static uint64_t aligned(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

static size_t prstatus_bytes(const struct dump_arch *arch)
{
	return PRSTATUS_REGISTERS + 8 * arch->registers + 8;
}

static uint64_t note_bytes(uint64_t content)
{
	return NOTE_HEAD_BYTES + aligned(content, 4);
}

static uint64_t file_count(const struct dump_plan *p)
{
	uint64_t count = 0;

	for (size_t i = 0; i < p->row_count; i++)
		count += p->rows[i].is_file;
	return count;
}

static uint64_t files_bytes(const struct dump_plan *p)
{
	return 16 + 24 * file_count(p) + p->names.len;
}

static uint64_t notes_bytes(const struct dump_plan *p, const struct dump_arch *arch)
{
	return note_bytes(prstatus_bytes(arch)) * p->thread_count + note_bytes(PRPSINFO_BYTES) +
	       note_bytes(p->auxv.len) + note_bytes(files_bytes(p));
}

/* ---- segments ---- */

/* Goes over all segments of memory: ranges with bytes and what is mapped between them. */
struct segments {
	const struct dump_plan *p;
	size_t row, run;
	uint64_t at; /* in the row; 0: at its start */
};

struct segment {
	const struct dump_row *row;
	uint64_t start, end;
	bool has_bytes;
};

static bool next_segment(struct segments *s, struct segment *out)
{
	const struct dump_plan *p = s->p;

	while (s->row < p->row_count) {
		const struct dump_row *row = &p->rows[s->row];
		const struct dump_run *run = s->run < p->run_count ? &p->runs[s->run] : NULL;

		if (run != NULL && run->row != s->row)
			run = NULL;
		*out = (struct segment){.row = row, .start = s->at != 0 ? s->at : row->start};
		out->has_bytes = run != NULL && run->start == out->start;
		out->end = run == NULL ? row->end : out->has_bytes ? run->end : run->start;
		s->at = out->end;
		s->run += out->has_bytes;
		if (out->end == row->end) {
			s->row++;
			s->at = 0;
		}
		if (out->end > out->start)
			return true;
	}
	return false;
}

static struct layout lay_out(const struct dump_plan *p, const struct dump_arch *arch)
{
	struct segments s = {.p = p};
	struct layout l = {.segments = 1};
	struct segment segment;

	while (next_segment(&s, &segment))
		l.segments++;
	l.notes = sizeof(Elf64_Ehdr) + l.segments * sizeof(Elf64_Phdr);
	if (l.segments >= PN_XNUM) {
		l.section = l.notes;
		l.notes += sizeof(Elf64_Shdr);
	}
	l.notes_bytes = notes_bytes(p, arch);
	l.memory = aligned(l.notes + l.notes_bytes, p->page);
	return l;
}

uint64_t dump_elf_head_bytes(const struct dump_plan *p, const struct dump_arch *arch)
{
	return lay_out(p, arch).memory;
}

/* ---- headers ---- */

static int put(const struct dump_out *out, const void *bytes, size_t len, struct sl_error *err)
{
	return len == 0 ? 0 : out->put(out->payload, bytes, len, err);
}

static int put_zeros(const struct dump_out *out, uint64_t len, struct sl_error *err)
{
	static const char zeros[4096];
	int rc = 0;

	for (size_t n; rc == 0 && len > 0; len -= n) {
		n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);
		rc = put(out, zeros, n, err);
	}
	return rc;
}

static int put_elf_header(const struct layout *l, const struct dump_arch *arch,
			  const struct dump_out *out, struct sl_error *err)
{
	Elf64_Ehdr h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				    EV_CURRENT, ELFOSABI_NONE},
			.e_type = ET_CORE,
			.e_machine = arch->machine,
			.e_version = EV_CURRENT,
			.e_phoff = sizeof(h),
			.e_shoff = l->section,
			.e_ehsize = sizeof(h),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = l->section != 0 ? PN_XNUM : (Elf64_Half)l->segments,
			.e_shentsize = l->section != 0 ? sizeof(Elf64_Shdr) : 0,
			.e_shnum = l->section != 0};

	return put(out, &h, sizeof(h), err);
}

static int put_segments(const struct dump_plan *p, const struct layout *l,
			const struct dump_out *out, struct sl_error *err)
{
	Elf64_Phdr notes = {
		.p_type = PT_NOTE, .p_offset = l->notes, .p_filesz = l->notes_bytes, .p_align = 4};
	struct segments s = {.p = p};
	uint64_t offset = l->memory;
	struct segment segment;
	int rc = put(out, &notes, sizeof(notes), err);

	while (rc == 0 && next_segment(&s, &segment)) {
		const struct dump_row *row = segment.row;
		uint64_t bytes = segment.end - segment.start;
		Elf64_Phdr load = {.p_type = PT_LOAD,
				   .p_flags = (row->is_readable ? PF_R : 0u) |
					      (row->is_writable ? PF_W : 0u) |
					      (row->is_executable ? PF_X : 0u),
				   .p_offset = offset,
				   .p_vaddr = segment.start,
				   .p_filesz = segment.has_bytes ? bytes : 0,
				   .p_memsz = bytes,
				   .p_align = p->page};

		rc = put(out, &load, sizeof(load), err);
		offset += load.p_filesz;
	}
	return rc;
}

/* More segments than the header can count are counted in a section header. */
static int put_section(const struct layout *l, const struct dump_out *out, struct sl_error *err)
{
	Elf64_Shdr h = {.sh_type = SHT_NULL, .sh_size = 1, .sh_info = (Elf64_Word)l->segments};

	return l->section != 0 ? put(out, &h, sizeof(h), err) : 0;
}

/* ---- notes ---- */

static int begin_note(uint32_t type, uint64_t content, const struct dump_out *out,
		      struct sl_error *err)
{
	Elf64_Nhdr h = {
		.n_namesz = sizeof(NOTE_NAME), .n_descsz = (uint32_t)content, .n_type = type};
	char name[8] = NOTE_NAME;
	int rc = put(out, &h, sizeof(h), err);

	return rc < 0 ? rc : put(out, name, sizeof(name), err);
}

static int put_note(uint32_t type, const void *content, size_t len, const struct dump_out *out,
		    struct sl_error *err)
{
	int rc = begin_note(type, len, out, err);

	if (rc == 0)
		rc = put(out, content, len, err);
	return rc < 0 ? rc : put_zeros(out, aligned(len, 4) - len, err);
}

static int put_thread(const struct dump_plan *p, const struct dump_thread *t,
		      const struct dump_arch *arch, const struct dump_out *out,
		      struct sl_error *err)
{
	const struct dump_facts *f = &p->facts;
	const int32_t ids[4] = {t->inner != 0 ? t->inner : t->id, f->parent, f->group, f->session};
	uint8_t status[PRSTATUS_MAX] = {0};

	memcpy(status + PRSTATUS_PID, ids, sizeof(ids));
	memcpy(status + PRSTATUS_REGISTERS, t->registers, 8 * arch->registers);
	return put_note(NT_PRSTATUS, status, prstatus_bytes(arch), out, err);
}

static int put_process(const struct dump_facts *f, const struct dump_out *out, struct sl_error *err)
{
	static const char states[] = "RSDTZW";
	const char *state = f->state != '\0' ? strchr(states, f->state) : NULL;
	const int32_t ids[4] = {f->pid, f->parent, f->group, f->session};
	uint8_t info[PRPSINFO_BYTES] = {0};

	info[0] = (uint8_t)(state != NULL ? state - states : 0);
	info[1] = (uint8_t)f->state;
	info[2] = f->state == 'Z';
	info[3] = (uint8_t)f->nice;
	memcpy(info + 8, &f->flags, 8);
	memcpy(info + 16, &f->uid, 4);
	memcpy(info + 20, &f->gid, 4);
	memcpy(info + 24, ids, sizeof(ids));
	memcpy(info + 40, f->name, sizeof(f->name));
	memcpy(info + 56, f->arguments, sizeof(f->arguments));
	return put_note(NT_PRPSINFO, info, sizeof(info), out, err);
}

/* Which files are mapped where: count, page size, (start, end, page of the file)..., names. */
static int put_files(const struct dump_plan *p, const struct dump_out *out, struct sl_error *err)
{
	uint64_t bytes = files_bytes(p);
	uint64_t head[2] = {file_count(p), p->page};
	int rc = begin_note(NT_FILE, bytes, out, err);

	if (rc == 0)
		rc = put(out, head, sizeof(head), err);
	for (size_t i = 0; rc == 0 && i < p->row_count; i++) {
		const struct dump_row *row = &p->rows[i];
		uint64_t entry[3] = {row->start, row->end, row->offset / p->page};

		if (row->is_file)
			rc = put(out, entry, sizeof(entry), err);
	}
	if (rc == 0)
		rc = put(out, p->names.data, p->names.len, err);
	return rc < 0 ? rc : put_zeros(out, aligned(bytes, 4) - bytes, err);
}

/* The process stands behind its first thread, as debuggers expect it. */
static int put_notes(const struct dump_plan *p, const struct dump_arch *arch,
		     const struct dump_out *out, struct sl_error *err)
{
	int rc = p->thread_count > 0 ? put_thread(p, &p->threads[0], arch, out, err) : 0;

	if (rc == 0)
		rc = put_process(&p->facts, out, err);
	if (rc == 0)
		rc = put_note(NT_AUXV, p->auxv.data, p->auxv.len, out, err);
	if (rc == 0)
		rc = put_files(p, out, err);
	for (size_t i = 1; rc == 0 && i < p->thread_count; i++)
		rc = put_thread(p, &p->threads[i], arch, out, err);
	return rc;
}

int dump_elf_head(const struct dump_plan *p, const struct dump_arch *arch,
		  const struct dump_out *out, struct sl_error *err)
{
	struct layout l = lay_out(p, arch);
	int rc = put_elf_header(&l, arch, out, err);

	if (rc == 0)
		rc = put_segments(p, &l, out, err);
	if (rc == 0)
		rc = put_section(&l, out, err);
	if (rc == 0)
		rc = put_notes(p, arch, out, err);
	return rc < 0 ? rc : put_zeros(out, l.memory - l.notes - l.notes_bytes, err);
}
