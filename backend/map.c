/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backend/map.c - how maps are made; the table and the counters
 *
 * The table's size is a power of two with some room behind it: a program cuts an
 * offset to the size with one instruction, and may read what is at any offset
 * then.  Programs cannot write to it.  It is not frozen: the verifier would take
 * what it reads there for constants and follow each ruleset's own ways.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/gen.h"

/* Direct access to a map's value ends here (BPF_MAX_VAR_OFF). */
#define TABLE_MAX	(1u << 29)

_Static_assert(sizeof(struct tr_node8) <= BE_TABLE_ROOM, "BE_TABLE_ROOM");

uint32_t be_table_mask(const struct tr_classifier *c)
{
	uint32_t size = 64;

	while (size < c->size && size < TABLE_MAX)
		size *= 2;
	return (size - 1) & ~3u;
}

static int fill(int fd, const struct be_map_def *d)
{
	uint32_t zero = 0;
	char *value;
	int err;

	value = calloc(1, d->value);
	if (!value)
		return -ENOMEM;
	memcpy(value, d->data, d->data_size);
	err = bpf_map_update_elem(fd, &zero, value, 0) ? -errno : 0;
	free(value);
	return err;
}

int be_map_create(const struct be_map_def *d)
{
	LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = d->flags);
	int fd, err = 0;

	fd = bpf_map_create((enum bpf_map_type)d->type, d->name, d->key,
			    d->value, d->entries, &o);
	if (fd < 0)
		return -errno;
	if (d->data)
		err = fill(fd, d);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int be_table_def(const struct tr_classifier *c, struct be_map_def *d,
		 struct diag *diag)
{
	if (c->size > TABLE_MAX) {
		diag_error(diag, NULL, "the table has %u bytes, more than the %u a program can reach",
			   c->size, TABLE_MAX);
		return -E2BIG;
	}
	*d = (struct be_map_def){
		.name = "xtbpf_table", .type = BPF_MAP_TYPE_ARRAY, .key = 4,
		.value = be_table_mask(c) + 4 + BE_TABLE_ROOM, .entries = 1,
		.flags = BPF_F_RDONLY_PROG, .data = c->word,
		.data_size = c->size,
	};
	return 0;
}

int be_table_create(const struct tr_classifier *c, struct diag *diag)
{
	struct be_map_def d;
	int fd;

	fd = be_table_def(c, &d, diag);
	if (fd)
		return fd;
	fd = be_map_create(&d);
	if (fd < 0)
		diag_error(diag, NULL, "cannot create the table of %u bytes: %s",
			   d.value, strerror(-fd));
	return fd;
}

struct be_map_def be_counter_def(uint32_t ncounters)
{
	return (struct be_map_def){
		.name = "xtbpf_count", .type = BPF_MAP_TYPE_PERCPU_ARRAY,
		.key = 4, .value = sizeof(struct ir_counter),
		.entries = ncounters ? ncounters : 1,
	};
}

int be_counter_create(uint32_t ncounters, struct diag *diag)
{
	const struct be_map_def d = be_counter_def(ncounters);
	int fd = be_map_create(&d);

	if (fd < 0)
		diag_error(diag, NULL, "cannot create the map of %u counters: %s",
			   ncounters, strerror(-fd));
	return fd;
}

static void sum(struct ir_counter *out, const struct ir_counter *percpu,
		int ncpus)
{
	int i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < ncpus; i++) {
		out->packets += percpu[i].packets;
		out->bytes += percpu[i].bytes;
	}
}

/* One system call per counter: for kernels without batches, or none left. */
static int read_singly(int fd, struct ir_counter *count, uint32_t from,
		       uint32_t n, int ncpus)
{
	struct ir_counter *percpu = calloc((size_t)ncpus, sizeof(*percpu));
	uint32_t i;
	int err = percpu ? 0 : -ENOMEM;

	for (i = from; i < n && !err; i++) {
		if (bpf_map_lookup_elem(fd, &i, percpu))
			err = -errno;
		else
			sum(&count[i], percpu, ncpus);
	}
	free(percpu);
	return err;
}

int be_counter_read_one(int fd, uint32_t index, struct ir_counter *count)
{
	int ncpus = libbpf_num_possible_cpus();
	struct ir_counter *percpu;
	int err = 0;

	if (ncpus < 0)
		return ncpus;
	percpu = calloc((size_t)ncpus, sizeof(*percpu));
	if (!percpu)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &index, percpu))
		err = -errno;
	else
		sum(count, percpu, ncpus);
	free(percpu);
	return err;
}

/* How many were read from 0 on; what is left is for read_singly(). */
static uint32_t read_batches(int fd, struct ir_counter *count, uint32_t n,
			    int ncpus)
{
	const uint32_t max = 1024;
	struct ir_counter *percpu;
	uint32_t *keys, at = 0, done = 0, got, i;

	percpu = calloc((size_t)max * (size_t)ncpus, sizeof(*percpu));
	keys = calloc(max, sizeof(*keys));
	while (percpu && keys && done < n) {
		got = n - done < max ? n - done : max;
		if (bpf_map_lookup_batch(fd, done ? &at : NULL, &at, keys,
					 percpu, &got, NULL) &&
		    (errno != ENOENT || !got))
			break;
		for (i = 0; i < got && keys[i] < n; i++)
			sum(&count[keys[i]], percpu + (size_t)i * (size_t)ncpus,
			    ncpus);
		done += got;
		if (!got)
			break;
	}
	if (!percpu || !keys)
		done = 0;
	free(percpu);
	free(keys);
	return done;
}

int be_counter_read(int fd, struct ir_counter *count, uint32_t n)
{
	int ncpus = libbpf_num_possible_cpus();
	uint32_t done;

	if (ncpus < 0)
		return ncpus;
	done = read_batches(fd, count, n, ncpus);
	return read_singly(fd, count, done, n, ncpus);
}
