#include <string.h>

#include "milter/tool/help.h"

struct help {
	const char *name;
	const char *options; /* lines, without those of every command */
	const char *exits;   /* lines */
	const char *example;
};

#define USAGE "  64  usage error\n"
#define NOT_WRITTEN "  74  standard output cannot be written\n"
#define NOT_ALLOWED "  77  the caller may not read a file that is needed\n"
#define BAD_CONFIG "  78  the configuration has errors\n"

static const struct help rows[] = {
	{ "check", "",
	    "  0   no errors; there may be warnings\n"
	    "  1   errors\n" USAGE NOT_WRITTEN NOT_ALLOWED,
	    "greenlane check -c /etc/greenlane/new.conf" },
	{ "config", "", "  0   printed\n" USAGE NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane config | grep -v '# default'" },
	{ "dns", "",
	    "  0   nothing is wrong\n"
	    "  1   something is wrong in at least one domain\n" USAGE
	    "  69  DNS did not answer every question\n" NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane dns example.com" },
	{ "explain",
	    "  --client IP          address of the client; required\n"
	    "  --helo NAME          its HELO or EHLO name\n"
	    "  --mail-from ADDRESS  envelope sender; \"\" or \"<>\" is the null sender\n"
	    "  --from AUTHOR        the From field of a message that has nothing else\n"
	    "  --message FILE       a complete message; \"-\" is standard input\n"
	    "  --rcpt ADDRESS       a recipient; may be repeated\n"
	    "  --id ID              instead of all these: a message that was judged before, by the id of its verdict, its queue id\n"
	    "                       or Message-ID\n"
	    "  --line FILE          the same, from a record or log line in the file's first line; \"-\" is standard input\n"
	    "  --json               print the verdict record\n",
	    "  0   the message would pass, be greylisted, quarantined or tagged\n"
	    "  1   it would be refused\n" USAGE "  65  the file is not a message, or the line no verdict\n"
	    "  66  the message cannot be read, or no record has that id\n"
	    "  69  a part could not be started\n" NOT_WRITTEN
	    "  75  the message would be deferred\n" NOT_ALLOWED BAD_CONFIG,
	    "greenlane explain --client 192.0.2.7 --mail-from bounce@acme.example --message notice.eml" },
	{ "export",
	    "  --value TEXT         text of an entry\n"
	    "  --output FILE        replace this file, if more than its date would change\n"
	    "  --watch              keep running, and keep the file up to date\n"
	    "  FORMAT is postgrey, postscreen, cidr, rspamd, milter-greylist, sendmail-access, nftables, rbldnsd or json.\n",
	    "  0   written\n" USAGE "  73  the file cannot be written\n" NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane export postgrey --output /etc/postgrey/greenlane" },
	{ "greylist",
	    "  --rcpt ADDRESS       a recipient, or all of a domain\n"
	    "  --sender ADDRESS     an envelope sender, or all of a domain; \"\" or \"<>\" is the null sender\n"
	    "  --client IP          an address or a network; \"@DOMAIN\" for mail whose SPF passed\n"
	    "  --json               print a list with an object for each tuple; of stats, one object\n"
	    "  --all                of list and show: every tuple; of pass and forget: all that match\n"
	    "  show, pass and forget need to be told which tuples.\n"
	    "  copy FROM TO         copy all tuples; stores as greylist.store names them. TO keeps what is as new there.\n",
	    "  0   shown or changed\n"
	    "  1   nothing found, or several match and nothing was changed\n" USAGE
	    "  69  pass, forget: greenlaned does not run; a store cannot be read or written\n" NOT_WRITTEN
	    "  77  the caller may not read the store, or is neither root nor greenlaned's user\n" BAD_CONFIG,
	    "greenlane greylist list --rcpt anna@example.com" },
	{ "help", "", "  0   printed\n" USAGE NOT_WRITTEN, "greenlane help explain" },
	{ "log",
	    "  --rcpt A             only messages to this address, or to this domain\n"
	    "  --from A             only those from this author or envelope sender, or from this domain\n"
	    "  --client IP          only those from this address or network\n"
	    "  --vendor V           only those that this vendor's policy decided\n"
	    "  --since T            only what is newer: \"7d\", \"2026-11-20\" or \"2026-11-20T10:00:00Z\"\n"
	    "  --until T            only what is older\n"
	    "  -f, --file FILE      records or a mail log, also .gz or .zst; may be repeated; default: log.record and what was\n"
	    "                       rotated from it, else /var/log/mail.log\n"
	    "  --json               print a list with an object for each message\n"
	    "  The word is the id of a verdict (SMTP replies quote it), a queue id or a Message-ID.\n",
	    "  0   printed\n"
	    "  1   nothing found\n" USAGE "  65  there is no verdict of greenlaned in the files\n"
	    "  66  a file cannot be read\n" NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane log --rcpt anna@example.com --since 1d" },
	{ "reload", "",
	    "  0   reloaded\n" USAGE "  69  greenlaned does not run or does not answer\n" NOT_WRITTEN
	    "  77  the caller is neither root nor greenlaned's user\n"
	    "  78  the reload was refused; the old policy stays in force\n",
	    "greenlane reload" },
	{ "replay",
	    "  --policy PATH        judge by this greenlane.conf, or by the vendor files of this directory\n"
	    "  --since T            only what is newer: \"7d\", \"2026-11-20\" or \"2026-11-20T10:00:00Z\"\n"
	    "  --json               print one object with every change\n"
	    "  RECORD is a file of records, also .gz or .zst, or \"-\"; default: log.record and what was rotated from it.\n",
	    "  0   nothing would change\n"
	    "  1   something would change\n" USAGE "  65  there is no record in the files\n"
	    "  66  a file cannot be read\n" NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane replay --policy /etc/greenlane/draft.conf --since 7d" },
	{ "report",
	    "  --since T            only what is newer: \"7d\", \"2026-11-20\" or \"2026-11-20T10:00:00Z\"\n"
	    "  --vendor V           only this vendor\n"
	    "  --json               print one object\n"
	    "  --html FILE          also write a page, with charts\n"
	    "  --mail               print a mail, for sendmail -t\n"
	    "  --state FILE         keep what is counted there, by day, and read only what is new\n"
	    "  FILE is records or a mail log, also .gz or .zst, or \"-\"; default: log.record and what was rotated from it, else\n"
	    "  /var/log/mail.log.\n",
	    "  0   it is safe to enforce\n"
	    "  1   it is not, or nothing shows it\n" USAGE "  65  there is no verdict of greenlaned in the files\n"
	    "  66  a file cannot be read\n"
	    "  73  a file cannot be written\n" NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane report --since 7d" },
	{ "setup",
	    "  --postconf FILE      read the saved output of `postconf -n; postconf -M`; \"-\" is standard input\n"
	    "  --config-dir DIR     Postfix's configuration directory, if it is not the usual one\n",
	    "  0   printed\n" USAGE "  65  the file is not the output of postconf\n"
	    "  66  the file cannot be read\n"
	    "  69  Postfix is not installed, or postconf failed\n" NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane setup postfix" },
	{ "sources",
	    "  --vendor V           the sources of this vendor only\n"
	    "  --json               print a list with an object for each source\n"
	    "  --accept             accept the present state: drift is measured from now on\n"
	    "  --to FILE            write what is accepted there as well, for other hosts: NAME.accepted\n",
	    "  0   no drift, or it was accepted\n"
	    "  1   drift\n" USAGE "  73  what was accepted cannot be saved\n" NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane sources --vendor autotask" },
	{ "status", "  --json               print one object, see greenlaned(8)\n",
	    "  0   all is well\n"
	    "  1   something is ill, or greenlaned does not run\n" USAGE
	    "  69  it cannot be told, for example because the caller may not look\n" NOT_WRITTEN,
	    "greenlane status || mail -s greenlane root" },
	{ "suggest",
	    "  --since T            only what is newer: \"7d\", \"2026-11-20\" or \"2026-11-20T10:00:00Z\"\n"
	    "  --least N            only senders of which so many messages waited; default 3\n"
	    "  --json               print one object\n"
	    "  FILE is a file of records, also .gz or .zst, or \"-\"; default: log.record and what was rotated from it.\n",
	    "  0   printed\n" USAGE "  65  there is no record in the files\n"
	    "  66  a file cannot be read\n" NOT_WRITTEN NOT_ALLOWED BAD_CONFIG,
	    "greenlane suggest --since 30d" },
	{ "vendor",
	    "  --shipped            of list: the files that come with greenlane: what proves each, how old that is, what is not known\n"
	    "  --json               of list and show: print JSON\n"
	    "  --selector S         of new: a DKIM selector of the vendor; may be repeated\n"
	    "  --name NAME          of new: the vendor's name; default: the first label of its domain\n"
	    "  --output FILE        of new: write to this file, which must not exist\n"
	    "  --dry-run            of update: say what would change, and change nothing\n"
	    "  --back               of update: go back to the catalogue before\n"
	    "  DIR or FILE, of update, is a newer catalogue: a folder of vendor files, or a tar of one, also .gz, .xz or .zst.\n",
	    "  0   printed or written; diff: the files say the same; update: installed, or there is no difference\n"
	    "  1   new: the domain does not exist; brief: the vendor is not in force; show: there is no such vendor; diff: they differ; "
	    "update: a trial would change something, or there is nothing to go back to\n" USAGE
	    "  65  update: the catalogue is wrong, or the configuration would not load with it; nothing was changed\n"
	    "  66  diff: one of the two files does not exist; update: there is no such folder or file\n"
	    "  69  new: the resolver could not be started\n"
	    "  73  new: the file exists or cannot be created; update: the catalogue cannot be installed\n" NOT_WRITTEN
	    "  75  new: DNS did not answer; nothing was written\n" NOT_ALLOWED BAD_CONFIG,
	    "greenlane vendor new acme.example --output /etc/greenlane/vendors/acme.conf" },
};

static const struct help *
find(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

void
help_write(const struct command *command, FILE *out)
{
	const struct help *help = find(command->name);

	cmd_write_usage(command, out);
	if (help == NULL) /* a command is new, and t/cli/help.sh fails */
		return;
	fprintf(out,
	    "%s\n\noptions:\n"
	    "%s"
	    "  -c, --config FILE    configuration (default %s)\n"
	    "  -h, --help           print this\n"
	    "\nexit status:\n"
	    "%s"
	    "\nexample:\n"
	    "  %s\n",
	    command->summary, help->options, GREENLANE_CONFIG, help->exits, help->example);
}
