/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/output.c - files that are whole or not there
 *
 * The bytes go to a file without a name, which gets its name when all of them are
 * there.  A name that is taken cannot be given: then it is given another and
 * renamed.
 */
#include "config.h"

#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "DIR" of "DIR/NAME", with its slash; *name is what is behind it. */
static void split(const char *path, char *dir, size_t size, const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	if (slash)
		snprintf(dir, size, "%.*s", (int)(*name - path), path);
	else
		snprintf(dir, size, "./");
}

static int write_all(int fd, const char *p, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

/* The file without a name becomes @path, unless that is taken. */
static int give_name(int fd, const char *path)
{
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW))
		return -errno;
	return 0;
}

static int move(const char *from, const char *to)
{
	int err;

	if (!rename(from, to))
		return 0;
	err = -errno;
	unlink(from);
	return err;
}

/* -EOPNOTSUPP where there are no files without a name. */
static int write_unnamed(const char *dir, const char *temp, const char *path,
			 const void *data, size_t size)
{
	int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	int err;

	if (fd < 0)
		return errno == EISDIR || errno == EINVAL ? -EOPNOTSUPP :
		       -errno;
	err = write_all(fd, data, size);
	if (!err) {
		err = give_name(fd, path);
		if (err == -EEXIST) {
			err = give_name(fd, temp);
			if (!err)
				err = move(temp, path);
		} else if (err == -ENOENT) {
			err = -EOPNOTSUPP;	/* no /proc */
		}
	}
	if (close(fd) && !err)
		err = -errno;
	return err;
}

static int write_named(const char *temp, const char *path, const void *data,
		       size_t size)
{
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	int err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, data, size);
	if (close(fd) && !err)
		err = -errno;
	if (!err)
		return move(temp, path);
	unlink(temp);
	return err;
}

int cmd_output_write(const char *path, const void *data, size_t size)
{
	char dir[PATH_MAX], temp[PATH_MAX];
	const char *name;
	int err;

	split(path, dir, sizeof(dir), &name);
	if (snprintf(temp, sizeof(temp), "%s.%s.%d", dir, name,
		     (int)getpid()) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	unlink(temp);
	err = write_unnamed(dir, temp, path, data, size);
	if (err == -EOPNOTSUPP)
		err = write_named(temp, path, data, size);
	return err;
}

int cmd_output_folders(const char *path)
{
	char *copy = strdup(path), *p;
	int err = copy ? 0 : -ENOMEM;

	for (p = copy; !err && (p = strchr(p + 1, '/')); *p = '/') {
		*p = '\0';
		if (*copy && mkdir(copy, 0777) && errno != EEXIST)
			err = -errno;
	}
	free(copy);
	return err;
}

int cmd_output_remove(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return -EINVAL;
	return unlink(path) ? -errno : 1;
}
