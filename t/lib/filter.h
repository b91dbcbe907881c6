/*
 * filter.h - runs greenlaned's callbacks under the real libmilter, in threads of this process.
 */
#ifndef FILTER_H
#define FILTER_H

#include <sys/un.h>

#include "milter/smtp/message.h"

/* Call once per process. Serves until the process ends, on a socket in a temporary directory that is then removed. The
 * services are kept. Returns where to connect: borrowed. Ends the test if it cannot start. */
const struct sockaddr_un *filter_serve(const struct services *);

#endif
