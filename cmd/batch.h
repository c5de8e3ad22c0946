/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/batch.h - many pieces of work done by several processes, told in order
 *
 * Processes and not threads: libxtables is made for one ruleset at a time.  And
 * what one piece of work does to its process, it does not do to the others.
 */
#ifndef CMD_BATCH_H
#define CMD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cmd_result {
	int		status;		/* the work's own, >= 0 */
	char		*out;		/* malloc()ed, NULL: nothing */
	char		*err;
};

struct cmd_batch {
	uint32_t	n;		/* pieces, from 0 on */
	uint32_t	jobs;		/* processes, at most */
	/* Piece @i, in any of the processes. */
	void		(*work)(void *ctx, uint32_t i, struct cmd_result *r);
	/*
	 * In the process that called, in order: what became of piece @i, which
	 * is freed then; NULL: the process that did it died by @signal (0: it
	 * went away).  False: no more pieces are to be begun.
	 */
	bool		(*done)(void *ctx, uint32_t i, const struct cmd_result *r,
				int signal);
	/* Now and then, how many are done; may be NULL. */
	void		(*progress)(void *ctx, uint32_t n);
	void		*ctx;
};

/* 0 or -errno: no process could be made, or no memory was left. */
int cmd_batch_run(const struct cmd_batch *b);

#endif
