/*
 * encoded_word.h - the encoded words of a field (RFC 2047), decoded wherever they stand.
 *
 * For fields that cannot be read: some readers decode first and look for addresses then. Never where a field can be
 * read: there an encoded word is no address.
 */
#ifndef ENCODED_WORD_H
#define ENCODED_WORD_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/fault.h"

/* Decodes all of them in place, whatever their charset, and drops the blanks between two. False: there is none. */
bool encoded_words_decode(char *field, size_t *length) MUST_USE;

#endif
