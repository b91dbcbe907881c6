/*
 * delegate.h - Postfix's policy delegation: keeps a greylister after us from delaying mail that we vouch for.
 *
 * Translates between the protocol and message; delegate_reply decides. Works without the
 * milter; with it, both share SPF results and the promise of passage (promise.h).
 */
#ifndef DELEGATE_H
#define DELEGATE_H

#include "milter/peers/request_server.h"

/* Its context is a struct services. */
extern const struct request_protocol delegate_protocol;

#endif
