/* Plays every story of t/replay twice: in process, and over the milter wire. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/lib/story.h"
#include "t/lib/tap.h"

static struct services services;

static void
play_all(char **paths, size_t count, struct player *player)
{
	for (size_t i = 0; i < count; i++)
		story_play(paths[i], player, &services);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char pattern[1024];
	glob_t found;

	if (argc > 1) {
		play_all(argv + 1, (size_t)argc - 1, play_inside(&services));
		play_all(argv + 1, (size_t)argc - 1, play_wire(&services));
		return done();
	}
	snprintf(pattern, sizeof pattern, "%s/t/replay/*.replay", srcdir == NULL ? "." : srcdir);
	if (glob(pattern, 0, NULL, &found) == 0) {
		play_all(found.gl_pathv, found.gl_pathc, play_inside(&services));
		play_all(found.gl_pathv, found.gl_pathc, play_wire(&services));
		globfree(&found);
	}
	return done();
}
