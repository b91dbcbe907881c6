/*
 * socketmap.h - Sendmail's socket map: a ruleset asks whether greenlane vouches for a sender, and then tells the
 * greylister after it.
 *
 * The key is "CLIENT,SENDER"; the reply "OK WHITE" or "NOTFOUND ". Decides as delegate does.
 */
#ifndef SOCKETMAP_H
#define SOCKETMAP_H

#include "milter/peers/request_server.h"

/* Its context is a struct services. */
extern const struct request_protocol socketmap_protocol;

#endif
