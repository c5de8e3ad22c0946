/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/token.c - the arguments of a line
 *
 * The rules are those of iptables-restore, odd ones included: a quote left open
 * swallows the newline, '"ab"cd' are two arguments, and a lone backslash or
 * single quote is an ordinary byte.
 */
#include "frontend/token.h"

#include <stdbool.h>
#include <string.h>
#include <xtables.h>

void fe_tokens_clear(struct fe_tokens *t)
{
	t->argc = 0;
	t->argv[0] = NULL;
	t->used = 0;
}

/* Room for one more argument of @len bytes, NUL included. */
static char *reserve(struct fe_tokens *t, size_t len)
{
	char *p = t->buf + t->used;

	if (t->argc >= FE_ARGS_MAX)
		xtables_error(PARAMETER_PROBLEM,
			      "Parser cannot handle more arguments");
	if (len > sizeof(t->buf) - t->used)
		xtables_error(PARAMETER_PROBLEM, "Parameter too long!");
	t->used += len;
	return p;
}

static void append(struct fe_tokens *t, char *s, size_t col, size_t len)
{
	t->argv[t->argc] = s;
	t->col[t->argc] = col;
	t->len[t->argc] = len;
	t->argv[++t->argc] = NULL;
}

void fe_tokens_add(struct fe_tokens *t, const char *s)
{
	size_t len = strlen(s) + 1;

	append(t, memcpy(reserve(t, len), s, len), 0, 0);
}

struct scan {
	char	part[FE_TOKEN_SIZE];
	size_t	n;
	size_t	start;		/* where the argument begins in the line */
	bool	begun;
};

static void put(struct scan *s, char c, size_t at)
{
	if (!s->begun)
		s->start = at;
	s->begun = true;
	s->part[s->n++] = c;
	if (s->n >= sizeof(s->part))
		xtables_error(PARAMETER_PROBLEM, "Parameter too long!");
}

static void finish(struct fe_tokens *t, struct scan *s, size_t end)
{
	char *p = reserve(t, s->n + 1);

	memcpy(p, s->part, s->n);
	p[s->n] = '\0';
	append(t, p, s->start, end - s->start);
	s->n = 0;
	s->begun = false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Takes the quoted part that begins at @i; the index of its last byte. */
static size_t quoted(struct fe_tokens *t, struct scan *s, const char *line,
		     size_t i)
{
	if (!s->begun)
		s->start = i;
	s->begun = true;
	for (i++; line[i]; i++) {
		if (line[i] == '"') {
			finish(t, s, i + 1);
			return i;
		}
		if (line[i] == '\\' && !line[++i])
			break;
		put(s, line[i], i);
	}
	return i - 1;
}

void fe_tokens_split(struct fe_tokens *t, const char *line, size_t start)
{
	struct scan s = { .n = 0 };
	size_t i;

	for (i = start; line[i]; i++) {
		if (line[i] == '"')
			i = quoted(t, &s, line, i);
		else if (!is_blank(line[i]))
			put(&s, line[i], i);
		else if (s.n)
			finish(t, &s, i);
	}
	if (s.n)
		finish(t, &s, i);
}

void fe_tokens_place(const struct fe_tokens *t, int i, struct ir_loc *loc)
{
	bool known = t && i >= 0 && i < t->argc;

	loc->col = known ? t->col[i] : 0;
	loc->len = known ? t->len[i] : 0;
}
