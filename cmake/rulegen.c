/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Build-time tool: rulegen OUT.c FILE.yaml... writes the rules of the files as the constant table
 * of diff/rules.h, so that no run of the program has to read them.
 */
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "diff/rules_load.h"

static void put_text(FILE *out, const char *text)
{
	if (text == NULL) {
		fputs("NULL", out);
		return;
	}
	fputc('"', out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '?')
			fprintf(out, "\\%03o", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void put_list(FILE *out, const char *name, const char *const *list)
{
	if (list == NULL)
		return;
	fprintf(out, "\t .%s = (const char *const[]){", name);
	for (; *list != NULL; list++) {
		put_text(out, *list);
		fputs(", ", out);
	}
	fputs("NULL},\n", out);
}

static void put_field(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\t .%s = ", name);
	put_text(out, text);
	fputs(",\n", out);
}

static void put_set(FILE *out, const char *name, fact_set set)
{
	fprintf(out, "\t .%s = FACT_SET(%lluu, %lluu),\n", name, (unsigned long long)(set >> 64),
		(unsigned long long)set);
}

static void put_rule(FILE *out, const struct rule *r)
{
	const char *slash = strrchr(r->file, '/');

	fputs("\t{\n", out);
	put_field(out, "id", r->id);
	put_field(out, "reason", r->reason);
	put_field(out, "attack_version", r->attack_version);
	put_field(out, "file", slash != NULL ? slash + 1 : r->file);
	fputs("\t .attack = {", out);
	for (size_t i = 0; i < RULE_ATTACK_MAX; i++) {
		put_text(out, r->attack[i]);
		fputs(", ", out);
	}
	fputs("},\n", out);
	put_list(out, "references", r->references);
	put_list(out, "paths", r->paths);
	put_list(out, "except", r->except);
	put_list(out, "names", r->names);
	put_set(out, "any", r->any);
	put_set(out, "all", r->all);
	put_set(out, "none", r->none);
	put_set(out, "types", r->types);
	put_set(out, "content", r->content);
	fprintf(out,
		"\t .line = %u, .effect = %d, .severity = %d, .kinds = %uu,\n"
		"\t .has_size_max = %d, .size_max = %lluu, .owner = %d},\n",
		r->line, (int)r->effect, (int)r->severity, r->kinds, r->has_size_max,
		(unsigned long long)r->size_max, (int)r->owner);
}

static int write_table(const char *path, const struct rules_loaded *l)
{
	FILE *out = fopen(path, "w");

	if (out == NULL) {
		perror(path);
		return 1;
	}
	fputs("/* generated */\n#include \"diff/rules.h\"\n\nconst struct rule rules_table[] = {\n",
	      out);
	for (size_t i = 0; i < l->count; i++)
		put_rule(out, &l->items[i]);
	fprintf(out, "};\n\nconst size_t rules_count = %zu;\n", l->count);
	if (ferror(out) != 0 || fclose(out) != 0) {
		perror(path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	CLEANUP(rules_loaded_clear) struct rules_loaded l = {0};
	CLEANUP(sl_error_clear) struct sl_error err = SL_ERROR_INIT;

	if (argc < 3) {
		fputs("usage: rulegen OUT.c FILE.yaml...\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		if (rules_load_file(&l, argv[i], &err) < 0) {
			fprintf(stderr, "%s\n", sl_error_text(&err));
			return 1;
		}
	}
	return write_table(argv[1], &l);
}
