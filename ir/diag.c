/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ir/diag.c - keeping and printing the first error */
#include "ir/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void diag_init(struct diag *d)
{
	memset(d, 0, sizeof(*d));
}

void diag_clear(struct diag *d)
{
	free(d->text);
	diag_init(d);
}

void diag_error(struct diag *d, const struct ir_loc *loc, const char *fmt, ...)
{
	va_list ap;

	if (!d || d->set)
		return;
	va_start(ap, fmt);
	vsnprintf(d->msg, sizeof(d->msg), fmt, ap);
	va_end(ap);
	d->set = true;
	if (!loc)
		return;
	d->loc = *loc;
	if (loc->text)
		d->text = strdup(loc->text);
	d->loc.text = d->text;
}

/* A tab in the line is a tab under it, so that the caret stays below. */
static void underline(const struct ir_loc *loc, FILE *out)
{
	uint32_t i, end = loc->col + loc->len;
	size_t len = strlen(loc->text);

	if (end > len)
		end = (uint32_t)len;
	for (i = 0; i < loc->col && i < len; i++)
		putc(loc->text[i] == '\t' ? '\t' : ' ', out);
	for (; i < end; i++)
		putc(i == loc->col ? '^' : '~', out);
	putc('\n', out);
}

void diag_print(const struct diag *d, FILE *out, const char *prog)
{
	if (!d->set)
		return;
	if (d->loc.line)
		fprintf(out, "%s: line %u: %s\n", prog, d->loc.line, d->msg);
	else
		fprintf(out, "%s: %s\n", prog, d->msg);
	if (!d->loc.text)
		return;
	fprintf(out, "%s\n", d->loc.text);
	if (d->loc.len)
		underline(&d->loc, out);
}
