/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/bpffs.c - our own bpffs, seen from every mount namespace
 *
 * `ip netns exec` and many services run in a mount namespace of their own, and
 * a mount made there is gone with it.  So the mount is made in init's, from
 * where it propagates to all that are its slaves; where it does not (a private
 * one, made before), the path leads through /proc/1/root.  Where init is out of
 * reach (a sandbox), the outermost ancestor that is not stands in for it.
 */
#include "config.h"

#include "backend/bpffs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

/* How many ancestors are asked. */
#define MAX_DEPTH	64

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE	71
#endif

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && (unsigned long)fs.f_type == BPF_FS_MAGIC;
}

/* Two that come at once must not mount one over the other: the first locks. */
static int mount_here(void)
{
	int fd, err = 0;

	if (mkdir(BE_RUNDIR, 0700) && errno != EEXIST)
		return errno;
	fd = open(BE_RUNDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (flock(fd, LOCK_EX) ||
	    (!is_bpffs(BE_RUNDIR) &&
	     mount("bpffs", BE_RUNDIR, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		   "mode=0700")))
		err = errno;
	close(fd);
	return err;
}

static pid_t parent_of(pid_t pid)
{
	char path[32], line[128];
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "PPid: %d", &parent) == 1)
			break;
	fclose(f);
	return parent;
}

/* Init, then our ancestors, the outermost first.  How many there are. */
static int elders(pid_t *pid)
{
	pid_t line[MAX_DEPTH], p;
	int n = 0, i;

	for (p = getppid(); p > 1 && n < MAX_DEPTH - 1; p = parent_of(p))
		line[n++] = p;
	pid[0] = 1;
	for (i = 0; i < n; i++)
		pid[1 + i] = line[n - 1 - i];
	return n + 1;
}

/* In a child: a process can change its mount namespace only for good. */
static int mount_from(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS))
		return errno;
	return mount_here();
}

static int mount_at(pid_t where)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(mount_from(where));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

static int mount_outside(void)
{
	pid_t pid[MAX_DEPTH];
	int n = elders(pid), i, err = -ENOENT;

	for (i = 0; i < n; i++) {
		err = mount_at(pid[i]);
		if (!err)
			break;
	}
	return err;
}

/* Whether the list of mounts of @pid has it, or must not be read. */
static bool may_have(pid_t pid)
{
	char path[32], line[1024], where[256], type[32];
	const char *rest;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	f = fopen(path, "re");
	if (!f)
		return errno == EACCES || errno == EPERM;
	while (!found && fgets(line, sizeof(line), f)) {
		rest = strstr(line, " - ");
		found = rest && sscanf(rest, " - %31s", type) == 1 &&
			!strcmp(type, "bpf") &&
			sscanf(line, "%*s %*s %*s %*s %255s", where) == 1 &&
			!strcmp(where, BE_RUNDIR);
	}
	fclose(f);
	return found;
}

/*
 * Whether it may be behind a /proc/PID/root that is closed to a plain user.  For
 * root such an elder is out of reach, and another stands in.
 */
static bool hidden(void)
{
	pid_t pid[MAX_DEPTH];
	struct statfs fs;
	char path[48];
	int n, i;

	if (!geteuid())
		return false;
	n = elders(pid);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proc/%d/root", pid[i]);
		if (statfs(path, &fs) && (errno == EACCES || errno == EPERM) &&
		    may_have(pid[i]))
			return true;
	}
	return false;
}

static const char *visible(void)
{
	static char path[48];
	pid_t pid[MAX_DEPTH];
	int n, i;

	if (is_bpffs(BE_RUNDIR))
		return BE_RUNDIR;
	n = elders(pid);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proc/%d/root" BE_RUNDIR, pid[i]);
		if (is_bpffs(path))
			return path;
	}
	return NULL;
}

const char *be_bpffs_path(bool create, struct diag *diag)
{
	const char *path = visible();
	int err;

	if (path)
		return path;
	if (!create && hidden()) {
		diag_error(diag, NULL, BE_NOT_ROOT);
		errno = EACCES;
		return NULL;
	}
	if (!create) {
		errno = ENOENT;
		return NULL;
	}
	err = mount_outside();
	path = visible();
	if (path)
		return path;
	if (!err)
		err = -ENOENT;
	diag_error(diag, NULL, "cannot mount a bpffs at '%s': %s", BE_RUNDIR,
		   strerror(-err));
	errno = -err;
	return NULL;
}

int be_netns_cookie(uint64_t *cookie)
{
	socklen_t len = sizeof(*cookie);
	int fd, err = 0;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &len))
		err = -errno;
	close(fd);
	return err;
}

static bool enter_path(const char *path, uint64_t cookie)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t there;
	bool found;

	if (fd < 0)
		return false;
	found = !setns(fd, CLONE_NEWNET) && !be_netns_cookie(&there) &&
		there == cookie;
	close(fd);
	return found;
}

/* Tries DIR/NAME/SUFFIX; with a suffix only names that are numbers. */
static bool enter_any(const char *dir, const char *suffix, uint64_t cookie)
{
	char path[320];
	struct dirent *e;
	bool found = false;
	DIR *d;

	d = opendir(dir);
	if (!d)
		return false;
	while (!found && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if (*suffix && (e->d_name[0] < '0' || e->d_name[0] > '9'))
			continue;
		snprintf(path, sizeof(path), "%s/%s%s", dir, e->d_name, suffix);
		found = enter_path(path, cookie);
	}
	closedir(d);
	return found;
}

int be_netns_enter(uint64_t cookie)
{
	int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (back < 0)
		return -errno;
	if (enter_any("/run/netns", "", cookie) ||
	    enter_any("/proc", "/ns/net", cookie))
		return back;
	be_netns_leave(back);
	return -ENOENT;
}

void be_netns_leave(int back)
{
	if (back < 0)
		return;
	/* Staying in the wrong namespace would be worse than ending. */
	if (setns(back, CLONE_NEWNET))
		_exit(111);
	close(back);
}
