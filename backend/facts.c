/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/facts.c - what was learnt about this kernel, in a pinned box
 *
 * The box is believed when it is ours (owner and mode, since what is in it
 * decides what programs read), whole (size and sum), of this version and build, and of
 * this boot.  A new one is renamed over it, so that no reader sees a part.
 */
#include "backend/facts.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend/bpffs.h"
#include "backend/sys.h"

/* "xtk" and the version of the layout. */
#define MAGIC		0x78746b04

#define SUM_EMPTY	0xcbf29ce484222325ull	/* FNV-1a */

#define BOOT_ID		"/proc/sys/kernel/random/boot_id"

struct box {
	uint32_t	magic;
	uint32_t	layout;		/* of the facts: layout_of() */
	uint64_t	sum;		/* of all that follows */
	char		boot[40];
	char		release[72];
	struct be_facts	facts;
};

static struct be_facts known;
static bool asked;

static uint64_t add(uint64_t sum, const void *data, size_t size)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < size; i++)
		sum = (sum ^ p[i]) * 0x100000001b3ull;
	return sum;
}

static uint64_t sum_of(const struct box *b)
{
	const size_t from = offsetof(struct box, boot);

	return add(SUM_EMPTY, (const uint8_t *)b + from, sizeof(*b) - from);
}

/*
 * Which fact is where: another build of this tool may ask the kernel for something
 * else, and its box be as large.  An offset taken for another would be read by programs.
 */
static uint32_t layout_of(void)
{
	const size_t size = sizeof(struct be_facts);
	uint64_t sum = add(SUM_EMPTY, &size, sizeof(size));
	int i;

	for (i = 0; i < BE_NMEMBERS; i++) {
		sum = add(sum, be_members[i].type,
			  strlen(be_members[i].type) + 1);
		sum = add(sum, be_members[i].name,
			  strlen(be_members[i].name) + 1);
	}
	for (i = 0; i < BE_NKFUNCS; i++)
		sum = add(sum, be_kfuncs[i], strlen(be_kfuncs[i]) + 1);
	return (uint32_t)(sum ^ sum >> 32);
}

/* The names of this boot and this kernel, padded with zeros. */
static bool name_boot(struct box *b)
{
	struct utsname u;
	ssize_t n;
	int fd;

	fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, b->boot, sizeof(b->boot));
	close(fd);
	if (n <= 0 || uname(&u))
		return false;
	strncpy(b->release, u.release, sizeof(b->release) - 1);
	return true;
}

/* The box as it has to be for what is known now.  False: it cannot be told. */
static bool make_box(struct box *b)
{
	memset(b, 0, sizeof(*b));
	b->magic = MAGIC;
	b->layout = layout_of();
	if (!name_boot(b))
		return false;
	b->facts = known;
	b->sum = sum_of(b);
	return true;
}

static bool believe(const struct box *b)
{
	struct box want;

	memset(&want, 0, sizeof(want));
	return b->magic == MAGIC && b->layout == layout_of() &&
	       b->sum == sum_of(b) && name_boot(&want) &&
	       !memcmp(b->boot, want.boot, sizeof(want.boot)) &&
	       !memcmp(b->release, want.release, sizeof(want.release));
}

/* Nobody else may have written to it.  Pins are made with mode 0600. */
static bool is_ours(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode) &&
	       st.st_uid == geteuid() && !(st.st_mode & 077);
}

static void read_box(const char *path)
{
	size_t size;
	void *v;
	int fd, err;

	if (!is_ours(path))
		return;
	fd = be_sys_get(path);
	if (fd < 0)
		return;
	err = be_box_read(fd, &v, &size);
	close(fd);
	if (err)
		return;
	if (size == sizeof(struct box) && believe(v))
		known = ((const struct box *)v)->facts;
	free(v);
}

struct be_facts *be_facts_get(void)
{
	const char *run;
	char path[96];

	if (asked)
		return &known;
	asked = true;
	run = be_bpffs_path(false, NULL);
	if (run) {
		snprintf(path, sizeof(path), "%s/kernel", run);
		read_box(path);
	}
	return &known;
}

void be_facts_keep(void)
{
	const char *run = be_bpffs_path(false, NULL);
	char path[96], fresh[96];
	struct box b;
	int fd;

	if (!run || !make_box(&b))
		return;
	snprintf(path, sizeof(path), "%s/kernel", run);
	snprintf(fresh, sizeof(fresh), "%s/kernel-new", run);
	fd = be_box_create("xtb_kernel", &b, sizeof(b));
	if (fd < 0)
		return;
	if (!be_sys_unlink(fresh) && !be_sys_pin(fd, fresh) &&
	    be_sys_rename(fresh, path))
		be_sys_unlink(fresh);
	close(fd);
}

void be_facts_forget(void)
{
	memset(&known, 0, sizeof(known));
	asked = false;
}
