/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/lock.c - the lock that iptables' own tools take
 *
 * Waiting, messages and the file are those of iptables/xshared.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cmd/lock.h"

#define LOCK_FILE	"/run/xtables.lock"

static void on_alarm(int sig)
{
	(void)sig;		/* flock() ends with EINTR */
}

static int lock(int fd, int wait)
{
	struct sigaction sa = { .sa_handler = on_alarm }, old;
	int err = 0;

	if (wait <= 0)
		return flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) ? -errno : 0;
	sigaction(SIGALRM, &sa, &old);
	alarm(wait);
	if (flock(fd, LOCK_EX))
		err = errno == EINTR ? -EWOULDBLOCK : -errno;
	alarm(0);
	sigaction(SIGALRM, &old, NULL);
	return err;
}

int cmd_lock_take(int wait)
{
	const char *file = getenv("XTABLES_LOCKFILE");
	int fd, err;

	if (!file || !*file)
		file = LOCK_FILE;
	fd = open(file, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		fprintf(stderr, "Fatal: can't open lock file %s: %s\n", file,
			strerror(errno));
		return -EBUSY;
	}
	err = lock(fd, wait);
	if (!err)
		return fd;
	close(fd);
	fprintf(stderr, "Can't lock %s: %s\n", file, strerror(-err));
	fputs("Another app is currently holding the xtables lock. ", stderr);
	if (wait)
		fprintf(stderr, "Stopped waiting after %ds.\n", wait);
	else
		fputs("Perhaps you want to use the -w option?\n", stderr);
	return -EBUSY;
}
