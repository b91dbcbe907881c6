/*
 * delay_alarm.h - mail that we vouch for and somebody else delays: a warning in the log, with what stops it.
 *
 * deferral.h reads who it was. Never changes what is done with the mail.
 */
#ifndef DELAY_ALARM_H
#define DELAY_ALARM_H

struct message;

/* RCPT that the MTA refused before we were asked; path is libmilter's, status "4.7.1", text the
 * refusal as the client got it. A refusal for good (5.x.x) is no alarm. All borrowed. */
void delay_alarm_rcpt_refused(struct message *, const char *path, const char *status, const char *text);

#endif
