/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/command.h - other programs, run in a network namespace */
#ifndef CMD_BENCH_COMMAND_H
#define CMD_BENCH_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#define BENCH_ARGS_MAX	8

struct bench_command {
	/* NULL-terminated; the program is looked for in PATH, unless ... */
	const char	*arg[BENCH_ARGS_MAX];
	const char	*program;	/* ... this is not NULL */
	int		netns;		/* -1: the calling thread's */
	const char	*in;		/* standard input; NULL: nothing */
	size_t		inlen;
	double		timeout_s;	/* then it is killed; 0: 60 */

	/* Results. */
	double		ms;		/* from its start to its end */
	char		*out;		/* standard output, owned */
	char		said[256];	/* the first line on stderr */
};

/*
 * Runs it to its end.  0, -ETIME when it was killed, -EPROTO when its exit
 * status is not 0, -ENOENT when there is no such program, or another -errno.
 */
int bench_command_run(struct bench_command *c);
void bench_command_free(struct bench_command *c);

/*
 * In words, why it failed with @err: what it said itself, where it did.  In a
 * buffer that the next call uses again.
 */
const char *bench_command_reason(const struct bench_command *c, int err);

#endif
