/*
 * lmdb_hold.c - takes LMDB's lock of writers in a directory, as a program does that is stopped while it writes: lmdb_hold DIR.
 *
 * Prints "held", and gives it back when a byte comes, or standard input ends.
 */
#include <stdio.h>
#include <unistd.h>

#include <lmdb.h>

int
main(int argc, char **argv)
{
	MDB_env *env = NULL;
	MDB_txn *txn = NULL;
	char byte;
	int code;

	if (argc != 2)
		return 64;
	if ((code = mdb_env_create(&env)) != 0 || (code = mdb_env_open(env, argv[1], 0, 0640)) != 0 ||
	    (code = mdb_txn_begin(env, NULL, 0, &txn)) != 0) {
		fprintf(stderr, "lmdb_hold: %s: %s\n", argv[1], mdb_strerror(code));
		return 1;
	}
	puts("held");
	fflush(stdout);
	(void)!read(STDIN_FILENO, &byte, 1);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	return 0;
}
