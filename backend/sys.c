/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/sys.c - the system calls that change state, behind one gate
 */
#include "backend/sys.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

static unsigned int fault_nth, fault_calls;
static enum be_fault fault_fate;

void be_fault_set(unsigned int nth, enum be_fault fate)
{
	fault_nth = nth;
	fault_fate = fate;
	fault_calls = 0;
}

unsigned int be_fault_calls(void)
{
	return fault_calls;
}

int be_fault_gate(void)
{
	fault_calls++;
	if (!fault_nth || fault_calls != fault_nth)
		return 0;
	if (fault_fate == BE_FAULT_KILL)
		raise(SIGKILL);
	return -EIO;
}

/* What a call that returns -1 and sets errno made of it. */
static int result(int ret)
{
	return ret < 0 ? -errno : ret;
}

int be_sys_map_create(enum bpf_map_type type, const char *name, uint32_t key,
		      uint32_t value, uint32_t entries)
{
	int err = be_fault_gate();

	if (err)
		return err;
	return result(bpf_map_create(type, name, key, value, entries, NULL));
}

int be_sys_map_put(int fd, const void *key, const void *value)
{
	int err = be_fault_gate();

	if (err)
		return err;
	return result(bpf_map_update_elem(fd, key, value, BPF_ANY));
}

int be_sys_map_delete(int fd, const void *key)
{
	int err = be_fault_gate();

	if (err)
		return err;
	err = result(bpf_map_delete_elem(fd, key));
	return err == -ENOENT ? 0 : err;
}

int be_sys_pin(int fd, const char *path)
{
	int err = be_fault_gate();

	if (err)
		return err;
	return result(bpf_obj_pin(fd, path));
}

int be_sys_get(const char *path)
{
	int err = be_fault_gate();

	if (err)
		return err;
	return result(bpf_obj_get(path));
}

int be_sys_mkdir(const char *path)
{
	int err = be_fault_gate();

	if (err)
		return err;
	err = result(mkdir(path, 0700));
	return err == -EEXIST ? 0 : err;
}

int be_sys_unlink(const char *path)
{
	int err = be_fault_gate();

	if (err)
		return err;
	err = result(unlink(path));
	return err == -ENOENT ? 0 : err;
}

int be_sys_rmdir(const char *path)
{
	int err = be_fault_gate();

	if (err)
		return err;
	err = result(rmdir(path));
	return err == -ENOENT ? 0 : err;
}

int be_sys_rename(const char *from, const char *to)
{
	int err = be_fault_gate();

	if (err)
		return err;
	return result(rename(from, to));
}

int be_sys_link_create(int prog, uint32_t target, uint32_t attach_type,
		       uint32_t flags, const void *opts, size_t size)
{
	struct {
		uint32_t	prog_fd;
		uint32_t	target;
		uint32_t	attach_type;
		uint32_t	flags;
		uint8_t		opts[48];
	} attr = { (uint32_t)prog, target, attach_type, flags, { 0 } };
	int err = be_fault_gate();

	if (err)
		return err;
	if (size > sizeof(attr.opts))
		return -E2BIG;
	if (size)
		memcpy(attr.opts, opts, size);
	return result((int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr,
				   sizeof(attr)));
}

int be_sys_link_detach(int link)
{
	int err = be_fault_gate();

	if (err)
		return err;
	err = result(bpf_link_detach(link));
	/* The interface is gone, or the link's type has no such thing. */
	return err == -ENOLINK || err == -EOPNOTSUPP ? 0 : err;
}

int be_box_create(const char *name, const void *value, size_t size)
{
	int fd, err;

	if (size > INT_MAX - 64)
		return -E2BIG;
	fd = be_sys_map_create(BPF_MAP_TYPE_ARRAY, name, sizeof(uint32_t),
			       (uint32_t)size, 1);
	if (fd < 0)
		return fd;
	err = be_box_put(fd, value);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

int be_box_put(int fd, const void *value)
{
	uint32_t key = 0;

	return be_sys_map_put(fd, &key, value);
}

int be_box_get(int fd, void *value)
{
	uint32_t key = 0;

	return result(bpf_map_lookup_elem(fd, &key, value));
}

int be_box_read(int fd, void **value, size_t *size)
{
	struct bpf_map_info info;
	uint32_t len = sizeof(info);
	void *p;
	int err;

	memset(&info, 0, sizeof(info));
	err = result(bpf_obj_get_info_by_fd(fd, &info, &len));
	if (err)
		return err;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.max_entries != 1)
		return -EINVAL;
	/* The kernel copies whole words of eight bytes. */
	p = calloc(1, ((size_t)info.value_size + 7) & ~(size_t)7);
	if (!p)
		return -ENOMEM;
	err = be_box_get(fd, p);
	if (err) {
		free(p);
		return err;
	}
	*value = p;
	*size = info.value_size;
	return 0;
}
