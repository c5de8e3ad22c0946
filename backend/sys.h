/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/sys.h - the system calls that change state, each 0 or a new fd, or
 * -errno
 *
 * All go through one gate, so that tests can make any of them fail, or end the
 * process just before it.
 */
#ifndef BACKEND_SYS_H
#define BACKEND_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

enum be_fault {
	BE_FAULT_FAIL,		/* the call is not made and is -EIO */
	BE_FAULT_KILL,		/* SIGKILL instead of the call */
};

/* For tests.  The @nth gate from now meets its fate, once; 0: none does. */
void be_fault_set(unsigned int nth, enum be_fault fate);

/* How many gates were passed since be_fault_set(). */
unsigned int be_fault_calls(void);

/* The gate: 0, or -EIO instead of the call. */
int be_fault_gate(void);

int be_sys_map_create(enum bpf_map_type type, const char *name, uint32_t key,
		      uint32_t value, uint32_t entries);
int be_sys_map_put(int fd, const void *key, const void *value);
int be_sys_map_delete(int fd, const void *key);

int be_sys_pin(int fd, const char *path);
int be_sys_get(const char *path);
int be_sys_mkdir(const char *path);
/* A path that is not there is no error. */
int be_sys_unlink(const char *path);
int be_sys_rmdir(const char *path);
int be_sys_rename(const char *from, const char *to);

/*
 * BPF_LINK_CREATE with the bytes after its first four words, which libbpf 1.1
 * does not know for the newer types; @opts may be NULL.
 */
int be_sys_link_create(int prog, uint32_t target, uint32_t attach_type,
		       uint32_t flags, const void *opts, size_t size);

/*
 * Takes a link off its hook at once.  Unpinning alone does so only some time
 * after the last reference is gone.
 */
int be_sys_link_detach(int link);

/* The value of a one-entry array: a box.  Reading is not gated. */
int be_box_create(const char *name, const void *value, size_t size);
int be_box_put(int fd, const void *value);
int be_box_get(int fd, void *value);
/* The box's whole value; *value is the caller's to free(). */
int be_box_read(int fd, void **value, size_t *size);

#endif
