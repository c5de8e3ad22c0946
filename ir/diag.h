/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ir/diag.h - where an error is said, once, where it is known
 *
 * A diagnostic is a place in the input and a message.  The first error is kept
 * (later ones are consequences), so that a stage can fail with a plain -errno
 * and the command prints what the stage knew.
 */
#ifndef IR_DIAG_H
#define IR_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A place in the input.  @text is the input line without its newline, borrowed:
 * it must live as long as the location (NULL: unknown).  @col counts bytes from
 * 0, @len is what the caret underlines (0: nothing known inside the line).
 */
struct ir_loc {
	const char	*text;
	uint32_t	line;		/* 1 is the first; 0: no line known */
	uint32_t	col;
	uint32_t	len;
};

struct diag {
	bool		set;
	struct ir_loc	loc;
	char		*text;		/* own copy of loc.text, or NULL */
	char		msg[512];
};

void diag_init(struct diag *d);

/* Ends what @d owns; @d can be used again afterwards. */
void diag_clear(struct diag *d);

/*
 * Keeps the message if it is the first one.  @loc may be NULL; its text is
 * copied.  The message starts without a capital, has no full stop, and names
 * the culprit in quotes.  @d may be NULL: the message is dropped.
 */
void diag_error(struct diag *d, const struct ir_loc *loc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Prints "PROG: line N: MESSAGE", then the line and a row of ^~~ under the
 * culprit where both are known.  Nothing is printed when nothing is set.
 */
void diag_print(const struct diag *d, FILE *out, const char *prog);

#endif
