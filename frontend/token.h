/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/token.h - a line of the save format, cut into arguments
 *
 * Each argument remembers where in the line it came from, for messages.
 */
#ifndef FRONTEND_TOKEN_H
#define FRONTEND_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#include "ir/diag.h"

#define FE_LINE_SIZE	10240	/* with the NUL: what iptables reads at once */
#define FE_TOKEN_SIZE	1024	/* with the NUL */
#define FE_ARGS_MAX	254

struct fe_tokens {
	int		argc;
	char		*argv[FE_ARGS_MAX + 1];
	uint16_t	col[FE_ARGS_MAX];
	uint16_t	len[FE_ARGS_MAX];	/* 0: not from the line */
	size_t		used;
	char		buf[FE_LINE_SIZE + 8 * FE_TOKEN_SIZE];
};

void fe_tokens_clear(struct fe_tokens *t);

/*
 * Appends an argument that is not from the line.  Copied.  This and the next
 * leave through xtables_error() when there are too many arguments.
 */
void fe_tokens_add(struct fe_tokens *t, const char *s);

/*
 * Appends the arguments of @line from byte @start on, quoted as in
 * iptables-save: a '"' opens a part in which '\' takes the next byte as it is,
 * and the closing '"' ends the argument.
 */
void fe_tokens_split(struct fe_tokens *t, const char *line, size_t start);

/* Where argument @i stands; len 0 when it is not from a line, as with @t NULL. */
void fe_tokens_place(const struct fe_tokens *t, int i, struct ir_loc *loc);

#endif
