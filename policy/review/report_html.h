/*
 * report_html.h - what pages are made of: text that is escaped, cells, the head with its style.
 *
 * A page is one file without scripts or anything from a network. Bytes that are no printable ASCII are shown as \xHH, so that
 * no name can reorder or hide what stands beside it.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "policy/util/text.h"

void html_text(struct text *out, const char *text);

/* A page up to <body>, with the security policy and the style. title is escaped. */
void html_begin(struct text *out, const char *title);
void html_end(struct text *out);

/* <th scope="col">: heads of a table that is named by its caption, in a box that scrolls. Columns whose head begins with '#'
 * (which is dropped) hold numbers. */
void html_table_begin(struct text *out, const char *caption, const char *const *heads, size_t count);
void html_table_end(struct text *out);

/* Cells of a row. */
void html_row_head(struct text *out, const char *text); /* begins the row */
void html_cell(struct text *out, const char *text);
void html_number(struct text *out, unsigned long long number);
void html_cell_number(struct text *out, const char *text); /* text that is set as numbers are */
void html_row_end(struct text *out);

#endif
