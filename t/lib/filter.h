/*
 * filter.h - greenlaned's callbacks behind libmilter itself, in threads of this very process.
 */
#ifndef FILTER_H
#define FILTER_H

#include <sys/un.h>

#include "milter/smtp/message.h"

/* Serves until the process ends, once a process, on a socket in a folder of its own that is removed then. The services
 * are kept. Where to connect: borrowed. What cannot be started ends the test. */
const struct sockaddr_un *filter_serve(const struct services *);

#endif
