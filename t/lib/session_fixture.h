/*
 * session_fixture.h - services for tests that talk to the milter callbacks: one vendor, canned DNS, no disk.
 *
 * "vendor" owns vendor.example and sends from 192.0.2.0/24, or by names that its SPF does not let pass; rx.example is ours. Its mail is vouched for by address and
 * SPF alone, so that a conversation without signatures can reach every outcome.
 */
#ifndef SESSION_FIXTURE_H
#define SESSION_FIXTURE_H

#include "milter/smtp/message.h"

enum { SESSION_WORLD_NOW = 1772359200 /* 2026-03-01T10:00:00Z */, SESSION_WORLD_MOST = 40 /* sessions */ };

/* Opens it, or ends the test and says why. Kept until session_fixture_close. */
const struct services *session_fixture_open(void);
void session_fixture_close(void);

#endif
