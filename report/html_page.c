/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of the page: its policy, its one style sheet, and what it does not prove. */
#include <string.h>

#include "core/cleanup.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/encode.h"
#include "report/html.h"

/*
 * Nothing is known of a run before it ends, so what belongs at the top is written last and moved
 * there by "order". A page that was cut has no #end, and says so.
 */
static const char style[] =
	":root{color-scheme:light dark;--bg:#f7f5f0;--card:#fff;--ink:#1c2226;--soft:#5b666d;"
	"--line:#e2ddd2;--sea:#0b6b74;--critical:#a50e3c;--high:#c2410c;--medium:#946200;"
	"--low:#1f5fa8;--info:#64707a;--ok:#15743a;--ins:#e4f4e8;--insink:#0e5a2c;--del:#fbe7e8;"
	"--delink:#8f1722;--chip:#eef0ee}\n"
	"@media(prefers-color-scheme:dark){:root{--bg:#12171a;--card:#1a2125;--ink:#e4e7e6;"
	"--soft:#9aa6ac;--line:#2c363b;--sea:#5cc3cb;--critical:#ff6b8f;--high:#ff9a5c;"
	"--medium:#e8bd4a;--low:#7db8f5;--info:#9aa6ac;--ok:#6fd08c;--ins:#15301f;"
	"--insink:#a6e3b6;--del:#3a1a1f;--delink:#ffb3bb;--chip:#263036}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0 auto;max-width:76rem;padding:1.5rem;display:flex;flex-direction:column;"
	"gap:1.5rem;background:var(--bg);color:var(--ink);"
	"font:15px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif}\n"
	"code,pre,.id,.ba td{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;"
	"font-size:.88em}\n"
	"code,dd,td,summary span{overflow-wrap:anywhere}\n"
	"h1{margin:0;font-size:1.7rem;letter-spacing:-.02em}h2{margin:0;font-size:1.25rem;"
	"overflow-wrap:anywhere}h3{margin:1rem 0 .3rem;font-size:1rem}\n"
	"a{color:var(--sea)}ul{padding-left:1.2rem}\n"
	".top{border-top:.3rem solid var(--sea);padding-top:1rem}\n"
	".top p,.limits{color:var(--soft)}.top p{margin:.2rem 0 0}\n"
	".top,.cut{order:0}.overview{order:1}.c{order:2}.limits{order:3}\n"
	"section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
	"padding:1.1rem 1.25rem}\n"
	".c{display:flex;flex-direction:column;gap:.9rem}\n"
	".c>header{order:0}.c>.outcome{order:1}.c>.gaps{order:2}.c>.fs{order:3}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.5rem 0 0}\n"
	"dt{color:var(--soft)}dd{margin:0;grid-column:2}\n"
	"table{border-collapse:collapse}th{text-align:left;font-weight:600}\n"
	".overview table{width:100%}.overview th,.overview td{padding:.35rem .6rem;"
	"border-bottom:1px solid var(--line)}.overview .n{text-align:right;"
	"font-variant-numeric:tabular-nums}.overview td.n{font-weight:600}.overview thead "
	"th{color:var(--soft);"
	"font-weight:500}.overview td.zero{color:var(--soft);opacity:.5;font-weight:400}\n"
	".wide{overflow-x:auto}.scanned{margin-top:.7rem}.scanned caption{text-align:left;"
	"color:var(--soft)}.scanned th,.scanned td{padding:.15rem 1rem .15rem 0}\n"
	".critical{--s:var(--critical)}.high{--s:var(--high)}.medium{--s:var(--medium)}"
	".low{--s:var(--low)}.info{--s:var(--info)}.clean{--s:var(--ok)}.drift{--s:var(--critical)}"
	".incomplete,.unproven{--s:var(--medium)}\n"
	".n.critical,.n.high,.n.medium,.n.low{color:var(--s)}.gaps.n{color:var(--medium)}\n"
	".verdict{color:var(--s);font-weight:600}p.verdict{margin:0;font-size:1.05rem;"
	"border-left:.3rem solid var(--s);padding-left:.7rem}\n"
	".trust{color:var(--medium)}.proven,.signed{color:var(--ok)}\n"
	".bar{display:block;width:100%;height:.5rem;margin:.7rem 0 .3rem;border-radius:.25rem;"
	"overflow:hidden;background:var(--chip)}.bar rect{fill:var(--s)}\n"
	".counts,.filter{list-style:none;display:flex;flex-wrap:wrap;gap:.4rem .5rem;padding:0;"
	"margin:.3rem 0 0;border:0}\n"
	".counts li,.filter label,.tag{background:var(--chip);border-radius:1rem;padding:.05rem "
	".65rem;font-size:.88em}.counts b,.filter b{font-variant-numeric:tabular-nums}"
	".counts [class] b,.filter [class] b{color:var(--s)}.tag{border-radius:.3rem;"
	"padding:.05rem .4rem}\n"
	".filter{margin-top:1rem}.filter legend{float:left;padding:0 .3rem 0 0;"
	"color:var(--soft)}\n"
	".fs{display:flex;flex-direction:column}.f{min-width:0}.f.high{order:1}.f.medium{order:2}"
	".f.low{order:3}.f.info{order:4}\n"
	".f{border-top:1px solid var(--line);border-left:.25rem solid var(--s);"
	"content-visibility:auto;contain-intrinsic-size:auto 3.2rem;padding:0 0 0 .75rem}\n"
	".f>*{margin-left:.2rem}\n"
	".f summary{display:grid;grid-template-columns:4.6rem 5.2rem 1fr;gap:0 .6rem;"
	"padding:.4rem 0;cursor:pointer;list-style:none;margin:0}\n"
	".f summary::-webkit-details-marker{display:none}\n"
	".f summary:hover{background:var(--bg)}.f summary b{color:var(--s)}"
	".f summary i{font-style:normal;color:var(--soft)}.f summary code{font-size:.95em}"
	".f summary span{grid-column:3;color:var(--soft);font-size:.92em}\n"
	".f[open]{padding-bottom:.8rem}.ex,.ack{opacity:.72}\n"
	".f dl{font-size:.92em;grid-template-columns:5.2rem "
	"1fr}.id{color:var(--soft);font-size:.8em}\n"
	".f pre{margin:.3rem 0 .5rem .2rem;border:1px solid var(--line);border-radius:.4rem;"
	"padding:.4rem 0;white-space:pre-wrap;overflow-wrap:anywhere}\n"
	"pre ins,pre del,pre span{display:block;padding:0 .7rem;text-decoration:none}"
	"pre ins{background:var(--ins);color:var(--insink)}"
	"pre del{background:var(--del);color:var(--delink)}\n"
	".ba{margin:.2rem 0 .4rem .2rem;font-size:.95em}.ba th{color:var(--soft);font-weight:400;"
	"padding:.05rem 1.2rem .05rem 0;min-width:5.6rem}.ba td{padding:.05rem 1.2rem .05rem "
	"0;vertical-align:top}"
	".ba .ch td{color:var(--s);font-weight:600}\n"
	".gaps ul{margin:.2rem 0}.c>.gaps{border-left:.3rem solid var(--medium);"
	"padding-left:.7rem}.gaps h3{margin:0;color:var(--medium)}\n"
	".cut{display:none;border-color:var(--critical);color:var(--critical);font-weight:600}\n"
	"@supports selector(:has(a)){.cut{display:block}body:has(#end) .cut{display:none}"
	".f.ex{display:none}body:has(#e:checked) .f.ex{display:block}"
	"body:has(#s4:not(:checked)) .f.critical,body:has(#s3:not(:checked)) .f.high,"
	"body:has(#s2:not(:checked)) .f.medium,body:has(#s1:not(:checked)) .f.low,"
	"body:has(#s0:not(:checked)) .f.info{display:none}}\n"
	"@media(max-width:40rem){body{padding:.7rem}.f summary{grid-template-columns:4.6rem 1fr}"
	".f summary code,.f summary span{grid-column:1/-1}dl,.f dl{grid-template-columns:1fr}"
	"dd{grid-column:1}}\n"
	"@media print{:root{--bg:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;"
	"--critical:#a50e3c;--high:#a03200;--medium:#7a5000;--low:#174b86;--info:#4d5860;"
	"--ok:#0f5c2d;--sea:#07545b;--ins:#eef7f0;--insink:#0e5a2c;--del:#fbeeee;"
	"--delink:#8f1722;--chip:#f1f1f1}body{max-width:none;padding:0;font-size:9.5pt;"
	"display:flex}section{border:0;padding:0}.f{content-visibility:visible;"
	"break-inside:avoid}.f:not(.info)::details-content{content-visibility:visible;"
	"display:block}"
	".filter{display:none}.c{break-before:page}}\n";

static int put_policy(struct buf *out, struct sl_error *err)
{
	CLEANUP(buf_clear) struct buf digest = BUF_INIT(64);
	uint8_t sha256[SL_SHA256_SIZE];
	int rc = sha256_once(style, sizeof(style) - 1, sha256, err);

	if (rc < 0)
		return rc;
	if (base64_encode(&digest, sha256, sizeof(sha256)) < 0)
		return sl_fail(err, SL_ENOMEM, 0, "report");
	(void)buf_printf(out,
			 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
			 "'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n",
			 digest.data);
	return 0;
}

int html_head(struct buf *out, const struct sl_run *run, struct sl_error *err)
{
	char started[CLOCK_TEXT_SIZE];
	int rc;

	clock_format_short(started, run->started);
	(void)buf_append_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
				  "<meta charset=\"utf-8\">\n");
	rc = put_policy(out, err);
	if (rc < 0)
		return rc;
	(void)buf_append_str(out, "<meta name=\"viewport\" content=\"width=device-width\">\n"
				  "<meta name=\"referrer\" content=\"no-referrer\">\n"
				  "<title>Container drift on ");
	html_name(out, run->host_name);
	(void)buf_printf(out, ", %s UTC</title>\n<style>", started);
	(void)buf_append(out, style, sizeof(style) - 1);
	(void)buf_append_str(out, "</style>\n</head>\n<body>\n"
				  "<header class=top><h1>Container drift</h1>\n<p>Host <b>");
	html_name(out, run->host_name);
	(void)buf_append_str(out, "</b>");
	if (run->kernel != NULL) {
		(void)buf_append_str(out, ", kernel ");
		html_name(out, run->kernel);
	}
	if (run->root != NULL && strcmp(run->root, "/") != 0) {
		(void)buf_append_str(out, ", root <code>");
		html_name(out, run->root);
		(void)buf_append_str(out, "</code>");
	}
	(void)buf_printf(out, "; started <time>%s UTC</time>; strandline ", started);
	html_name(out, run->tool_version);
	(void)buf_append_str(out, "</p></header>\n<section class=cut>This page ends before its "
				  "end: what follows is not the whole result, and no verdict."
				  "</section>\n");
	return 0;
}

void html_foot(struct buf *out, const struct sl_run *run)
{
	char finished[CLOCK_TEXT_SIZE];

	clock_format_short(finished, run->finished);
	(void)buf_append_str(
		out,
		"<section class=limits>\n<h2>What this does not prove</h2>\n<ul>\n"
		"<li>That the host told the truth. Kernel, disk and the engines' records were read "
		"as they presented themselves; who controls them controls what is read.\n"
		"<li>What happened between two looks. What came and was taken back without a "
		"trace left no difference to find.\n"
		"<li>Anything about what was not compared: mounts that are listed so, the memory "
		"of "
		"processes, and what stands as a gap.\n"
		"<li>That an image is harmless. Equal to the image means just that.\n"
		"<li>What package databases say: whoever wrote to the container may have written "
		"to them, so they explain nothing.\n");
	for (size_t i = 0; i < run->fallback_count; i++) {
		(void)buf_append_str(out, "<li>This kernel lacks, and it was done without: <code>");
		html_name(out, run->fallbacks[i]);
		(void)buf_append_str(out, "</code>\n");
	}
	(void)buf_printf(out,
			 "</ul>\n<p>Finished %s UTC.</p>\n</section>\n<i id=end hidden></i>\n"
			 "</body>\n</html>\n",
			 finished);
}
