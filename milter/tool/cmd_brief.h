/*
 * cmd_brief.h - the command `greenlane vendor brief`.
 *
 * Prints what a customer or a provider needs to know about a vendor.
 */
#ifndef CMD_BRIEF_H
#define CMD_BRIEF_H

int cmd_brief(const char *config, int argc, char **argv); /* argv[0] is "brief" */

#endif
