/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/batch.c - many pieces of work done by several processes, told in order
 *
 * Each process has one socket: the number of a piece goes in, what became of it
 * comes out.  It ends when its socket does, so none is left behind by a caller that
 * is killed.  How far pieces are ahead of what has been told is bounded, and so is
 * the memory for what waits.
 */
#include "cmd/batch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Pieces that may be done, or being done, and not told. */
#define AHEAD		256
#define NOBODY		UINT32_MAX

struct header {
	int32_t		status;
	uint32_t	out;		/* bytes with the NUL; 0: none */
	uint32_t	err;
};

struct worker {
	pid_t		pid;
	int		fd;		/* -1: none */
	uint32_t	piece;		/* NOBODY: idle */
};

/* A piece that waits for those before it. */
struct waiting {
	bool		ready;
	bool		lost;
	int		signal;
	struct cmd_result result;
};

struct batch {
	const struct cmd_batch *b;
	struct worker	*worker;
	struct pollfd	*poll;
	struct waiting	waiting[AHEAD];
	uint32_t	next;		/* piece to begin */
	uint32_t	told;		/* pieces told, all before this one */
	uint32_t	end;		/* none is begun from here on */
};

/* --- in a process that works --- */

static bool move(int fd, void *data, size_t size, bool out)
{
	char *p = data;
	ssize_t n;

	while (size) {
		n = out ? send(fd, p, size, MSG_NOSIGNAL) : read(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static uint32_t length(const char *s)
{
	return s ? (uint32_t)strlen(s) + 1 : 0;
}

static bool answer(int fd, struct cmd_result *r)
{
	struct header h = {
		.status = r->status, .out = length(r->out),
		.err = length(r->err),
	};
	const bool ok = move(fd, &h, sizeof(h), true) &&
			move(fd, r->out, h.out, true) &&
			move(fd, r->err, h.err, true);

	free(r->out);
	free(r->err);
	return ok;
}

static void work(const struct cmd_batch *b, int fd)
{
	struct cmd_result r;
	uint32_t piece;

	while (move(fd, &piece, sizeof(piece), false)) {
		memset(&r, 0, sizeof(r));
		b->work(b->ctx, piece, &r);
		if (!answer(fd, &r))
			break;
	}
	_exit(0);
}

/* --- in the one that called --- */

static int start(struct batch *x, struct worker *w)
{
	int fd[2], err;
	uint32_t i;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -errno;
	fflush(NULL);
	w->pid = fork();
	if (w->pid < 0) {
		err = -errno;
		close(fd[0]);
		close(fd[1]);
		return err;
	}
	if (!w->pid) {
		close(fd[0]);
		for (i = 0; i < x->b->jobs; i++)
			if (x->worker[i].fd >= 0)
				close(x->worker[i].fd);
		work(x->b, fd[1]);
	}
	close(fd[1]);
	w->fd = fd[0];
	w->piece = NOBODY;
	return 0;
}

/* Its end; the signal it died by, or 0. */
static int end(struct worker *w)
{
	int status = 0;

	if (w->fd < 0)
		return 0;
	close(w->fd);
	w->fd = -1;
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static char *receive_text(int fd, uint32_t size, bool *ok)
{
	char *s = NULL;

	if (!size || !*ok)
		return NULL;
	s = malloc(size);
	*ok = s && move(fd, s, size, false);
	if (*ok)
		return s;
	free(s);
	return NULL;
}

/* False: the process is not there any more. */
static bool receive(int fd, struct cmd_result *r)
{
	struct header h;
	bool ok = move(fd, &h, sizeof(h), false);

	if (!ok)
		return false;
	r->status = h.status;
	r->out = receive_text(fd, h.out, &ok);
	r->err = receive_text(fd, h.err, &ok);
	return ok;
}

/* What @w has to say of its piece. */
static void hear(struct batch *x, struct worker *w)
{
	struct waiting *p = &x->waiting[w->piece % AHEAD];

	memset(p, 0, sizeof(*p));
	if (!receive(w->fd, &p->result)) {
		p->lost = true;
		p->signal = end(w);
	}
	p->ready = true;
	w->piece = NOBODY;
}

static void tell(struct batch *x)
{
	const struct cmd_batch *b = x->b;
	struct waiting *p;

	for (; x->told < x->next; x->told++) {
		p = &x->waiting[x->told % AHEAD];
		if (!p->ready)
			return;
		if (!b->done(b->ctx, x->told, p->lost ? NULL : &p->result,
			     p->signal) && x->end > x->next)
			x->end = x->next;
		free(p->result.out);
		free(p->result.err);
		memset(p, 0, sizeof(*p));
	}
}

/* Gives every idle process a piece.  0, or -errno where none is left to work. */
static int give(struct batch *x)
{
	struct worker *w;
	uint32_t i, busy = 0;
	int err = 0;

	for (i = 0; i < x->b->jobs; i++) {
		w = &x->worker[i];
		if (w->piece == NOBODY && x->next < x->end &&
		    x->next - x->told < AHEAD) {
			if (w->fd < 0)
				err = start(x, w);
			if (w->fd >= 0) {
				w->piece = x->next++;
				/* One that is gone is noticed when heard. */
				move(w->fd, &w->piece, sizeof(w->piece), true);
			}
		}
		busy += w->piece != NOBODY;
	}
	return busy || x->told == x->end ? 0 : err ? err : -EIO;
}

static int wait_any(struct batch *x)
{
	uint32_t i;
	int n;

	for (i = 0; i < x->b->jobs; i++)
		x->poll[i] = (struct pollfd){
			.fd = x->worker[i].piece == NOBODY ? -1 :
			      x->worker[i].fd,
			.events = POLLIN,
		};
	n = poll(x->poll, x->b->jobs, -1);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < x->b->jobs; i++)
		if (x->poll[i].fd >= 0 && x->poll[i].revents)
			hear(x, &x->worker[i]);
	return 0;
}

int cmd_batch_run(const struct cmd_batch *b)
{
	struct batch *x = calloc(1, sizeof(*x));
	uint32_t i;
	int err = -ENOMEM;

	if (!x)
		return -ENOMEM;
	x->b = b;
	x->end = b->n;
	x->worker = calloc(b->jobs, sizeof(*x->worker));
	x->poll = calloc(b->jobs, sizeof(*x->poll));
	if (!x->worker || !x->poll)
		goto out;
	for (i = 0; i < b->jobs; i++)
		x->worker[i] = (struct worker){ .fd = -1, .piece = NOBODY };
	err = 0;
	while (!err && x->told < x->end) {
		err = give(x);
		if (!err && x->told < x->end)
			err = wait_any(x);
		tell(x);
		if (b->progress)
			b->progress(b->ctx, x->told);
	}
	for (i = 0; i < b->jobs; i++)
		end(&x->worker[i]);
out:
	for (i = 0; i < AHEAD; i++) {
		free(x->waiting[i].result.out);
		free(x->waiting[i].result.err);
	}
	free(x->worker);
	free(x->poll);
	free(x);
	return err;
}
