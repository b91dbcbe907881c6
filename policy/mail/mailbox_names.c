#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mail/encoded_word.h"
#include "policy/mail/mailbox.h"
#include "policy/mail/undrawn.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"
#include "policy/util/utf8.h"

enum {
	RUN_TEXT = 4096,               /* four labels of the widest U-labels need 1,000; the rest is before them */
	WIDE_LABEL_MAX = 4 * LABEL_MAX /* bytes of a U-label; a longer one has no A-label */
};

/* One character of the field, kept at its first byte. */
struct glyph {
	uint8_t length;
	uint8_t drawn; /* enum drawn */
	char ascii;    /* itself, or what its full-width form stands for; 0: another script's */
};

/* What a search ignores inside names. */
enum pass {
	PASS_DOTS,    /* blanks and comments around dots */
	PASS_GLUED,   /* those inside labels, too */
	PASS_PARTED,  /* nothing: many readers end a name at a blank */
	PASS_JOINED,  /* nothing, and reads a dot there: so Sendmail writes addresses (its BlankSub) */
	PASS_HIDDEN,  /* controls alone: nodemailer drops those, and ends a name at a blank */
	PASS_ANGLES,  /* as PASS_GLUED, and angle brackets, too: so does Mail::Address of Perl */
	PASS_COMMENTS /* only blanks, and reads comments alone: another pass may have ignored one that holds a name */
};

/* One search of one field. */
struct search {
	struct arena *arena; /* notes when memory runs out */
	const char *field;
	size_t length;
	struct glyph *glyphs; /* one per byte */
	size_t *closing;      /* for each '(' where its ')' is; 0 when it has none */
	enum pass pass;
	unsigned *tries;    /* conversions left */
	char run[RUN_TEXT]; /* labels and dots, what is ignored left out */
	size_t run_length;
	bool at;      /* an address goes on here: no label came after an at or percent sign */
	bool special; /* the run is another than those of the passes before it; later passes read no other */
};

/* ---- characters ---- */

/* Full-width forms are the letters, and these full stops the dot, as IDNA maps them (RFC 3490, 3.1; UTS 46). */
static uint32_t
folded(uint32_t point)
{
	if (point >= 0xff01 && point <= 0xff5e)
		point -= 0xfee0;
	return point == 0x3002 || point == 0xff61 || point == 0x2024 || point == 0xfe52 ? '.' : point;
}

/* A byte that is not UTF-8 may be read as Latin-1 when that gives nothing or a blank; it is never a letter. */
static struct glyph
glyph_read(const char *at, size_t left)
{
	uint32_t point;
	size_t length = utf8_read(at, left, &point);
	enum drawn drawn;

	if (length == 0) {
		drawn = undrawn_kind((unsigned char)*at);
		return (struct glyph){ 1, (uint8_t)(drawn == DRAWN_LETTER ? DRAWN_MARK : drawn), 0 };
	}
	point = folded(point);
	return (struct glyph){ (uint8_t)length, (uint8_t)undrawn_kind(point), (char)(point < 0x80 ? point : 0) };
}

static void
read_glyphs(struct search *search)
{
	for (size_t i = 0; i < search->length; i += search->glyphs[i].length)
		search->glyphs[i] = glyph_read(search->field + i, search->length - i);
}

static bool
is_control(char c)
{
	return (c > 0 && c < ' ' && strchr("\t\r\n", c) == NULL) || c == 0x7f;
}

static bool
is_angle(char c)
{
	return c == '<' || c == '>';
}

static bool
is_drawn_at(const struct search *search, size_t i, enum drawn drawn)
{
	return i < search->length && search->glyphs[i].drawn == drawn;
}

static bool
is_dot_at(const struct search *search, size_t i)
{
	return i < search->length && search->glyphs[i].ascii == '.';
}

/* Pairs the parentheses in one pass; those still open are chained through the table itself. */
static void
match_comments(struct search *search)
{
	size_t *closing = search->closing, open = 0, at;

	for (size_t i = 0; i < search->length; i++) {
		if (search->field[i] == '\\') {
			i++;
		} else if (search->field[i] == '(') {
			closing[i] = open;
			open = i + 1;
		} else if (search->field[i] == ')' && open > 0) {
			at = open - 1;
			open = closing[at];
			closing[at] = i;
		}
	}
	while (open > 0) {
		at = open - 1;
		open = closing[at];
		closing[at] = 0;
	}
}

static size_t
skip_ignored(const struct search *search, size_t i)
{
	while (i < search->length) {
		if (search->glyphs[i].drawn <= DRAWN_BLANK || (search->pass == PASS_ANGLES && is_angle(search->field[i])))
			i += search->glyphs[i].length;
		else if (search->pass != PASS_COMMENTS && search->field[i] == '(' && search->closing[i] > 0)
			i = search->closing[i] + 1;
		else
			break;
	}
	return i;
}

/* ---- runs of labels and dots ---- */

/* A run that is too long loses its front: names are compared from the right. */
static void
run_add(struct search *search, char c)
{
	if (search->run_length == RUN_TEXT) {
		search->run_length = RUN_TEXT / 2;
		memmove(search->run, search->run + RUN_TEXT / 2, RUN_TEXT / 2);
	}
	search->run[search->run_length++] = c;
}

static void
run_add_glyph(struct search *search, size_t i)
{
	const struct glyph *glyph = &search->glyphs[i];

	if (glyph->ascii != 0)
		run_add(search, text_lower(glyph->ascii));
	for (size_t j = 0; glyph->ascii == 0 && j < glyph->length; j++)
		run_add(search, search->field[i + j]);
}

/* A label without what is not drawn; returns where it ends. */
static size_t
run_add_label(struct search *search, size_t i)
{
	for (; i < search->length; i += search->glyphs[i].length) {
		if (search->glyphs[i].drawn == DRAWN_LETTER)
			run_add_glyph(search, i);
		else if (search->pass == PASS_HIDDEN && is_control(search->field[i]))
			search->special = true;
		else if (search->glyphs[i].drawn != DRAWN_NOT)
			break;
	}
	return i;
}

static void
note_angles(struct search *search, size_t from, size_t to)
{
	for (size_t i = from; search->pass == PASS_ANGLES && i < to; i++)
		search->special = search->special || is_angle(search->field[i]);
}

/* A name that goes on behind a blank or comment: does it end here in this pass? */
static bool
run_ends(struct search *search, bool parted)
{
	if (search->pass == PASS_PARTED && parted)
		search->special = true;
	return (search->pass == PASS_PARTED || search->pass == PASS_HIDDEN) && parted;
}

/* Collects the labels that begin at i, joined by dots; returns where the run ends. */
static size_t
run_collect(struct search *search, size_t i)
{
	bool glued = search->pass == PASS_GLUED || search->pass == PASS_ANGLES;
	size_t next, dot;

	search->run_length = 0;
	search->special = false;
	for (;;) {
		i = run_add_label(search, i);
		next = skip_ignored(search, i);
		if (glued && is_drawn_at(search, next, DRAWN_LETTER)) {
			note_angles(search, i, next);
			i = next;
			continue;
		}
		if (search->pass == PASS_JOINED && next > i && search->at && is_drawn_at(search, next, DRAWN_LETTER)) {
			search->special = true;
			run_add(search, '.');
			i = next;
			continue;
		}
		if (!is_dot_at(search, next))
			return i;
		dot = next;
		next = skip_ignored(search, dot + search->glyphs[dot].length);
		if (!is_drawn_at(search, next, DRAWN_LETTER) ||
		    run_ends(search, dot > i || next > dot + search->glyphs[dot].length))
			return i;
		note_angles(search, i, next);
		run_add(search, '.');
		i = next;
	}
}

static bool
is_ascii(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if ((unsigned char)span.at[i] >= 0x80)
			return false;
	return true;
}

/* Into lower-case ASCII; false when it is not a label, or no more may be converted. */
static bool
label_read(struct search *search, struct span label, char out[DOMAIN_TEXT])
{
	if (label.length > WIDE_LABEL_MAX)
		return false;
	if (is_ascii(label)) {
		if (label.length >= DOMAIN_TEXT)
			return false;
		memcpy(out, label.at, label.length);
		out[label.length] = '\0';
		return true;
	}
	if (*search->tries == 0)
		return false;
	--*search->tries;
	return domain_read_for(search->arena, label.at, label.length, out);
}

/* The run in normal form, as many labels from the right as are labels and fit; "" when there is none. */
static const char *
run_name(struct search *search, char buffer[DOMAIN_TEXT])
{
	char *name = buffer + DOMAIN_TEXT - 1, label[DOMAIN_TEXT];
	size_t end = search->run_length, start;

	*name = '\0';
	for (; end > 0; end = start - 1) {
		size_t length;

		for (start = end; start > 0 && search->run[start - 1] != '.';)
			start--;
		if (!label_read(search, (struct span){ search->run + start, end - start }, label))
			break;
		length = strlen(label) + (*name != '\0');
		if (length > (size_t)(name - buffer))
			break;
		if (*name != '\0')
			name[-1] = '.';
		name -= length;
		memcpy(name, label, strlen(label));
		if (start == 0)
			break;
	}
	return name;
}

/* Behind an at sign any mark that does not end an address is part of what follows it, as for other passes. */
static void
note_mark(struct search *search, size_t i)
{
	char c = search->glyphs[i].ascii;

	if (c == '@' || c == '%')
		search->at = true;
	else if (c != 0 && strchr("<>()[],;:", c) != NULL)
		search->at = false;
}

/* True when the reader has enough. */
static bool
search_runs(struct search *search, enum pass pass, mailbox_found *found, void *context)
{
	char buffer[DOMAIN_TEXT];
	const char *name;
	size_t comment = 0; /* where the last one ends */
	bool is_special = pass == PASS_PARTED || pass == PASS_JOINED || pass == PASS_HIDDEN || pass == PASS_ANGLES;

	search->pass = pass;
	search->at = false;
	for (size_t i = 0; i < search->length;) {
		if (pass == PASS_JOINED && (i = skip_ignored(search, i)) == search->length)
			break;
		if (search->field[i] == '(' && search->closing[i] > comment)
			comment = search->closing[i];
		if (search->glyphs[i].drawn != DRAWN_LETTER || (pass == PASS_COMMENTS && i >= comment)) {
			note_mark(search, i);
			i += search->glyphs[i].length;
			continue;
		}
		i = run_collect(search, i);
		search->at = false;
		if (is_special && !search->special)
			continue;
		name = run_name(search, buffer);
		if (name[0] != '\0' && found(context, name))
			return true;
	}
	return false;
}

/* Found is set to true when the reader has enough. */
static bool
search_field(struct search *search, mailbox_found *reader, void *context, bool *found)
{
	bool searched;

	search->closing = calloc(search->length + 1, sizeof *search->closing);
	search->glyphs = calloc(search->length + 1, sizeof *search->glyphs);
	searched = search->closing != NULL && search->glyphs != NULL;
	if (searched) {
		read_glyphs(search);
		match_comments(search);
		*found = search_runs(search, PASS_DOTS, reader, context) ||
		    search_runs(search, PASS_GLUED, reader, context) ||
		    search_runs(search, PASS_PARTED, reader, context) ||
		    search_runs(search, PASS_JOINED, reader, context) ||
		    search_runs(search, PASS_HIDDEN, reader, context) ||
		    search_runs(search, PASS_ANGLES, reader, context) ||
		    search_runs(search, PASS_COMMENTS, reader, context);
	}
	free(search->closing);
	free(search->glyphs);
	return searched;
}

/* mailparser, and Python's headerregistry in a part of the fields, decode before they look for addresses. */
static bool
search_decoded(struct search *search, mailbox_found *reader, void *context)
{
	char *decoded = malloc(search->length);
	bool searched = decoded != NULL, found = false;

	if (searched) {
		memcpy(decoded, search->field, search->length);
		search->field = decoded;
		if (encoded_words_decode(decoded, &search->length))
			searched = search_field(search, reader, context, &found);
	}
	free(decoded);
	return searched;
}

bool
mailbox_field_search(struct arena *arena, const char *field, size_t length, unsigned *conversions, mailbox_found *found,
    void *context)
{
	struct search search = { .arena = arena, .field = field, .length = length, .tries = conversions };
	bool enough = false;

	if (!search_field(&search, found, context, &enough))
		return false;
	return enough || memmem(field, length, "=?", 2) == NULL || search_decoded(&search, found, context);
}

/* ---- local parts ---- */

/* Letters and marks; may be written over what is read. Sendmail writes a dot where a blank was, so dots are left out as well. */
static size_t
letters_write(const char *field, size_t length, char *out)
{
	size_t written = 0;
	struct glyph glyph;

	for (size_t i = 0; i < length; i += glyph.length) {
		glyph = glyph_read(field + i, length - i);
		if (glyph.drawn <= DRAWN_BLANK || (glyph.ascii != 0 && strchr(".\"\\", glyph.ascii) != NULL))
			continue;
		if (glyph.ascii != 0) {
			out[written++] = text_lower(glyph.ascii);
		} else {
			memmove(out + written, field + i, glyph.length);
			written += glyph.length;
		}
	}
	return written;
}

char *
mailbox_letters(const char *field, size_t length, size_t *out)
{
	char *letters = malloc(2 * length + 1), *decoded;
	size_t left = length;

	if (letters == NULL)
		return NULL;
	*out = letters_write(field, length, letters);
	letters[*out] = '\0'; /* no word goes on behind it */
	decoded = letters + *out + 1;
	memcpy(decoded, field, length);
	if (encoded_words_decode(decoded, &left))
		*out += 1 + letters_write(decoded, left, decoded);
	return letters;
}

/* Behind a word that ends at `at`: does an address go on? Comments, brackets and what is left of an encoded word may stand
 * between, and a letter that is not ASCII may be drawn as an at sign. */
static bool
goes_on(const char *at, const char *end)
{
	while (at < end && memchr("<>?=", *at, 4) != NULL)
		at++;
	return at < end && (memchr("@%(", *at, 3) != NULL || (unsigned char)*at >= 0x80);
}

/* "word@host", or "host!word": a word of a display name is nobody's local part. */
bool
mailbox_letters_hold(const char *letters, size_t length, const char *word)
{
	const char *at = letters, *end = letters + length;
	char wanted[LOCAL_PART_MAX];
	size_t left = strlen(word);

	if (left > sizeof wanted)
		return false;
	left = letters_write(word, left, wanted);
	while (left > 0 && (at = memmem(at, (size_t)(end - at), wanted, left)) != NULL) {
		if (goes_on(at + left, end) || (at > letters && at[-1] == '!'))
			return true;
		at++;
	}
	return left == 0; /* nothing but dots and quotes stands everywhere */
}
