/*
 * delay_alarm.h - warns in the log when another program delays mail that we vouch for, and says what stops it.
 *
 * deferral.h tells which program it was. Never changes what is done with the mail.
 */
#ifndef DELAY_ALARM_H
#define DELAY_ALARM_H

struct message;

/* Call for a RCPT that the MTA refused before it asked us; path is libmilter's, status "4.7.1", text the
 * refusal as the client got it. A permanent refusal (5.x.x) is no alarm. All borrowed. */
void delay_alarm_rcpt_refused(struct message *, const char *path, const char *status, const char *text);

#endif
