/*
 * catalogue_place.h - where an updated catalogue lies: a link on vendor_path, to one of two folders beside it.
 *
 * PATH is a link to PATH.1 or PATH.2. A new catalogue is written beside them, takes the place of the one that the link does not
 * name, and then the link is replaced: whoever reads has the old one whole or the new one whole, and the old one is kept.
 */
#ifndef CATALOGUE_PLACE_H
#define CATALOGUE_PLACE_H

#include <stdbool.h>

#include "milter/tool/catalogue.h"

struct catalogue_place {
	struct folder above; /* holds all of them, and the lock */
	char name[64];       /* of the link */
	char now[72];        /* the folder that the link names; "": there is no link */
	char other[72];      /* the folder that it does not name, there or not */
	bool kept;           /* is it there? */
};

/* Opens the place, and keeps others from changing it until it is closed. False with why, also when something lies there that
 * was not put there by catalogue_install; why->text is "" when the folder above does not exist. */
bool catalogue_place_open(struct catalogue_place *, const char *path, struct fault *why) MUST_USE;
void catalogue_place_close(struct catalogue_place *);

/* Puts it in place. False with why: nothing has changed. */
bool catalogue_install(struct catalogue_place *, const struct catalogue *, struct fault *why) MUST_USE;

/* Changes to the folder that is kept, or, if there is none, to no catalogue at all: the next call changes back. */
bool catalogue_back(struct catalogue_place *, struct fault *why) MUST_USE;

#endif
