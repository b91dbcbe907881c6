/*
 * cmd_brief.h - the second word `brief` of greenlane vendor.
 *
 * What a customer or a provider has to know of a vendor, as text for a person.
 */
#ifndef CMD_BRIEF_H
#define CMD_BRIEF_H

int cmd_brief(const char *config, int argc, char **argv); /* argv[0] is "brief" */

#endif
