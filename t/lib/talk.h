/*
 * talk.h - what a milter client sends, as text: one line per packet, for people and mutators to edit.
 *
 * A line is the command's letter (libmilter/mfdef.h), a blank, and the data, where \0 \n \r \t \\ and \xHH are bytes:
 *
 *     H mx.example\0
 *
 * A line "." hangs up: what follows is a new connection. "#" begins a comment, empty lines are ignored. The format is
 * the same whether a stand-in for libmilter listens or the library itself.
 */
#ifndef TALK_H
#define TALK_H

#include "policy/util/text.h"

enum { TALK_DATA_MAX = 256 * 1024, TALK_HANG_UP = '.' };

/* Cuts the next packet off *rest: false at the end. *command is its letter, or TALK_HANG_UP; data is an open text
 * and gets the bytes. Any bytes are a valid conversation. */
bool talk_next(struct span *rest, char *command, struct text *data);

#endif
