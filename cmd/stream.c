/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/stream.c - files to read, and whether what was printed was written */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

FILE *cmd_open(const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "re") : stdin;
	int c;

	if (!f) {
		fprintf(stderr, "Can't open %s: %s\n", name, strerror(errno));
		return NULL;
	}
	/* A directory can be opened. */
	c = getc(f);
	if (c != EOF || !ferror(f)) {
		ungetc(c, f);
		return f;
	}
	fprintf(stderr, "Can't read %s: %s\n", name, strerror(errno));
	cmd_close(f);
	return NULL;
}

void cmd_close(FILE *f)
{
	if (f && f != stdin)
		fclose(f);
}

int cmd_flush(const char *prog, int status)
{
	int err = 0;

	if (fflush(stdout))
		err = errno;
	else if (ferror(stdout))	/* for a reason that is forgotten */
		err = EIO;
	if (err)
		fprintf(stderr, "%s: cannot write: %s\n", prog, strerror(err));
	return err && !status ? 1 : status;
}
