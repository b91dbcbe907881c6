#include <string.h>

#include "policy/review/report_html.h"

enum { ESCAPED_MAX = 16 * 1024 };

void
html_text(struct text *out, const char *text)
{
	struct text plain;

	text_open(&plain, ESCAPED_MAX);
	text_escaped(&plain, text, strlen(text));
	for (size_t i = 0; i < plain.length; i++) {
		switch (plain.bytes[i]) {
		case '&':
			text_put(out, "&amp;");
			break;
		case '<':
			text_put(out, "&lt;");
			break;
		case '>':
			text_put(out, "&gt;");
			break;
		case '"':
			text_put(out, "&quot;");
			break;
		case '\'':
			text_put(out, "&#39;");
			break;
		default:
			text_char(out, plain.bytes[i]);
		}
	}
	text_inherit(out, &plain);
	text_close(&plain);
}

/* Every pair of colours has a contrast of 4.5 at least; lines and bars of 3. */
static const char style[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#4d555f;--line:#8b939c;--box:#f4f6f8;--bar:#2b5ea8;--good:#176639;"
    "--bad:#a8201a}"
    "@media(prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e9ecef;--dim:#b4bbc4;--line:#7d8690;--box:#20252b;--bar:#8ab4f8;"
    "--good:#6fd49a;--bad:#ff9a91}}"
    "*{box-sizing:border-box}"
    "body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}"
    "main,header,footer{max-width:72rem;margin:0 auto;padding:0 1rem}"
    "h1{font-size:1.5rem;margin:1rem 0 0}h2{font-size:1.25rem;margin:2.2rem 0 .5rem}h3{font-size:1rem;margin:1.5rem 0 .2rem}"
    "p{margin:.4rem 0}a{color:inherit}.dim{color:var(--dim)}code{overflow-wrap:anywhere}"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.8rem;margin:1rem 0;padding:0;list-style:none}"
    ".cards li{background:var(--box);border:1px solid var(--line);border-left:.5rem solid var(--good);border-radius:.4rem;"
    "padding:.7rem .9rem}.cards li.bad{border-left:.5rem double var(--bad)}"
    ".cards h2{font-size:1rem;margin:0}.cards p{overflow-wrap:anywhere}.cards strong{color:var(--good)}.cards .bad strong{color:var(--bad)}"
    ".cards a{display:inline-block;padding:.2rem 0;min-height:24px}"
    ".t{overflow-x:auto}.t:focus-visible,summary:focus-visible,a:focus-visible{outline:3px solid var(--bar);outline-offset:2px}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;color:var(--dim);padding:.2rem 0}"
    "th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;font-weight:400}"
    "thead th{font-weight:600}td,.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "td.w{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:12.5rem}"
    ".d{display:flex;justify-content:space-between;font-size:.85rem;color:var(--dim)}"
    "svg{display:block;width:100%;height:28px}svg path{fill:var(--bar)}svg .x{stroke:var(--bad);fill:none}"
    "svg.b{height:10px;min-width:6rem}.s{display:grid;grid-template-columns:5.5rem 1fr 4.5rem;gap:.2rem .6rem;align-items:end}"
    ".s svg{border-bottom:1px solid var(--line)}summary{cursor:pointer;padding:.3rem 0;min-height:24px}"
    "@media(max-width:32rem){svg.b{min-width:2.5rem}td.w{min-width:9rem}th,td{padding-right:.5rem}}"
    "@media print{:root{--bg:#fff;--fg:#000;--dim:#333;--box:#fff;--bar:#000;--good:#000;--bad:#000}h2{break-after:avoid}"
    ".v,.cards li,tr{break-inside:avoid}.t{overflow:visible}}";

void
html_begin(struct text *out, const char *title)
{
	text_put(out,
	    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	html_text(out, title);
	text_put(out, "</title>\n<style>");
	text_put(out, style);
	text_put(out, "</style></head>\n<body>\n");
}

void
html_end(struct text *out)
{
	text_put(out, "</body></html>\n");
}

/* ---- tables ---- */

void
html_table_begin(struct text *out, const char *caption, const char *const *heads, size_t count)
{
	text_put(out, "<div class=\"t\" tabindex=\"0\" role=\"group\" aria-label=\"");
	html_text(out, caption);
	text_put(out, "\"><table><caption>");
	html_text(out, caption);
	text_put(out, "</caption><thead><tr>");
	for (size_t i = 0; i < count; i++) {
		bool number = heads[i][0] == '#';

		text_put(out, number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">");
		html_text(out, heads[i] + number);
		text_put(out, "</th>");
	}
	text_put(out, "</tr></thead><tbody>\n");
}

void
html_table_end(struct text *out)
{
	text_put(out, "</tbody></table></div>\n");
}

void
html_row_head(struct text *out, const char *text)
{
	text_put(out, "<tr><th scope=\"row\">");
	html_text(out, text);
	text_put(out, "</th>");
}

void
html_cell(struct text *out, const char *text)
{
	text_put(out, "<td class=\"w\">");
	html_text(out, text);
	text_put(out, "</td>");
}

void
html_cell_number(struct text *out, const char *text)
{
	text_put(out, "<td>");
	html_text(out, text);
	text_put(out, "</td>");
}

void
html_number(struct text *out, unsigned long long number)
{
	text_format(out, "<td>%llu</td>", number);
}

void
html_row_end(struct text *out)
{
	text_put(out, "</tr>\n");
}
