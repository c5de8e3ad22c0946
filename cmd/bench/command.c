/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/command.c - other programs, run in a network namespace
 *
 * Input and output are files in memory, so that nobody waits for anybody, and
 * the time measured is the program's own.
 */
#include "config.h"

#include "cmd/bench/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/bench/stat.h"

#define TIMEOUT_S	60

extern char **environ;

static int memory_file(const char *data, size_t len)
{
	int fd = memfd_create("bench", MFD_CLOEXEC), err;
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while (done < len) {
		n = write(fd, data + done, len - done);
		if (n < 0) {
			err = -errno;
			close(fd);
			return err;
		}
		done += (size_t)n;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* All that is in it, with a NUL behind; NULL: out of memory. */
static char *contents(int fd)
{
	struct stat st;
	char *s;
	ssize_t n;

	if (fstat(fd, &st))
		return NULL;
	s = malloc((size_t)st.st_size + 1);
	if (!s)
		return NULL;
	n = pread(fd, s, (size_t)st.st_size, 0);
	s[n > 0 ? n : 0] = '\0';
	return s;
}

/* The child is born in the namespace its parent is in. */
static int spawn(struct bench_command *c, const int fd[3], pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	char *argv[BENCH_ARGS_MAX + 1];
	int i, err;

	for (i = 0; i < BENCH_ARGS_MAX && c->arg[i]; i++)
		argv[i] = (char *)c->arg[i];
	argv[i] = NULL;
	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	for (i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&actions, fd[i], i);
	if (c->program)
		err = posix_spawn(pid, c->program, &actions, NULL, argv,
				  environ);
	else
		err = posix_spawnp(pid, argv[0], &actions, NULL, argv,
				   environ);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static int spawn_there(struct bench_command *c, const int fd[3], pid_t *pid)
{
	int back, err;

	if (c->netns < 0)
		return spawn(c, fd, pid);
	back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (back < 0)
		return -errno;
	err = setns(c->netns, CLONE_NEWNET) ? -errno : spawn(c, fd, pid);
	if (setns(back, CLONE_NEWNET))
		_exit(111);	/* worse than ending: the wrong namespace */
	close(back);
	return err;
}

/* Waits until it ends, but not for ever. */
static int await(struct bench_command *c, pid_t pid)
{
	double s = c->timeout_s > 0 ? c->timeout_s : TIMEOUT_S;
	struct pollfd p = { .events = POLLIN };
	int status, n = 1;

	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p.fd >= 0) {
		do {
			n = poll(&p, 1, (int)(s * 1e3));
		} while (n < 0 && errno == EINTR);
		close(p.fd);
	}
	if (!n)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!n)
		return -ETIME;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPROTO;
}

/* The first line that says something. */
static void keep_said(struct bench_command *c, int fd)
{
	char *s = contents(fd), *line, *save;

	c->said[0] = '\0';
	line = s ? strtok_r(s, "\n", &save) : NULL;
	if (line)
		snprintf(c->said, sizeof(c->said), "%s", line);
	free(s);
}

int bench_command_run(struct bench_command *c)
{
	int fd[3], i, err = 0;
	pid_t pid;

	bench_command_free(c);
	fd[0] = memory_file(c->in, c->in ? c->inlen : 0);
	fd[1] = memory_file(NULL, 0);
	fd[2] = memory_file(NULL, 0);
	for (i = 0; i < 3; i++)
		err = fd[i] < 0 ? fd[i] : err;
	if (!err) {
		c->ms = bench_clock_wall();
		err = spawn_there(c, fd, &pid);
		if (!err)
			err = await(c, pid);
		c->ms = bench_clock_wall() - c->ms;
		keep_said(c, fd[2]);
		c->out = contents(fd[1]);
		if (!err && !c->out)
			err = -ENOMEM;
	}
	for (i = 0; i < 3; i++)
		if (fd[i] >= 0)
			close(fd[i]);
	return err;
}

void bench_command_free(struct bench_command *c)
{
	free(c->out);
	c->out = NULL;
}

const char *bench_command_reason(const struct bench_command *c, int err)
{
	static char s[512];
	double t = c->timeout_s > 0 ? c->timeout_s : TIMEOUT_S;

	if (err == -ETIME)
		snprintf(s, sizeof(s), "'%s' takes more than %.0f s",
			 c->arg[0], t);
	else if (err == -ENOENT)
		snprintf(s, sizeof(s), "'%s' is not installed", c->arg[0]);
	else
		snprintf(s, sizeof(s), "'%s': %s", c->arg[0], c->said[0] ?
			 c->said : strerror(-err));
	return s;
}
