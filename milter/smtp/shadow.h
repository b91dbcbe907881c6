/*
 * shadow.h - judges a message by the draft beside the policy in force, once its own verdict has been given.
 *
 * What differs is written into the record of that verdict, and counted. Never asks a question, and never changes what
 * becomes of the message: no greylist, header, reply or usage. What the draft would need and nobody asked is "not judged".
 */
#ifndef SHADOW_H
#define SHADOW_H

struct message;
struct verdict_record;

/* Writes the record, with what the draft says. Nothing of the message matters after its verdicts were written. */
void shadow_write(struct message *, struct verdict_record *);

#endif
