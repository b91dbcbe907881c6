/*
 * talk.h - what a milter client sends, as text: a line a packet, so that people and mutators can work on it.
 *
 * A line is the command's letter (libmilter/mfdef.h), a blank, and the data, in which \0 \n \r \t \\ and \xHH are bytes:
 *
 *     H mx.example\0
 *
 * A line "." hangs up: what follows is a new connection. "#" begins a remark, empty lines are nothing. The format knows
 * nothing of who listens: a stand-in for libmilter or the library itself.
 */
#ifndef TALK_H
#define TALK_H

#include "policy/util/text.h"

enum { TALK_DATA_MAX = 256 * 1024, TALK_HANG_UP = '.' };

/* Cuts the next packet off *rest: false at the end. *command is its letter, or TALK_HANG_UP; data is an open text
 * and gets the bytes. Any bytes at all are some talk. */
bool talk_next(struct span *rest, char *command, struct text *data);

#endif
