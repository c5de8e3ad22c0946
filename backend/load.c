/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/load.c - a program into the kernel, with the verifier's word */
#include "backend/load.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/insn.h"

#define LOG_SIZE	(16u << 20)

/* All that there is to say of a program. */
struct code {
	int		prog_type;
	int		attach_type;
	const char	*name;
	const struct bpf_insn *insns;
	uint32_t	n;
	int		btf_fd;		/* describes ... */
	struct bpf_func_info *func;	/* ... these, where there are any */
	uint32_t	nfuncs;
};

static int load(const struct code *c, char *log)
{
	LIBBPF_OPTS(bpf_prog_load_opts, o);
	int fd;

	o.expected_attach_type = (enum bpf_attach_type)c->attach_type;
	o.log_level = log ? 1 : 0;
	o.log_buf = log;
	o.log_size = log ? LOG_SIZE : 0;
	if (c->nfuncs) {
		o.prog_btf_fd = (uint32_t)c->btf_fd;
		o.func_info = c->func;
		o.func_info_cnt = c->nfuncs;
		o.func_info_rec_size = sizeof(*c->func);
	}
	fd = bpf_prog_load((enum bpf_prog_type)c->prog_type, c->name, "GPL",
			   c->insns, c->n, &o);
	return fd < 0 ? -errno : fd;
}

/* The last line that is not the verifier's statistics. */
static const char *last_word(char *log)
{
	char *line;

	for (;;) {
		line = strrchr(log, '\n');
		if (!line)
			return *log && strncmp(log, "processed ", 10) ? log : "";
		if (line[1] && strncmp(line + 1, "processed ", 10) &&
		    strncmp(line + 1, "verification time", 17))
			return line + 1;
		*line = '\0';
	}
}

bool be_load_loops(int prog_type, int attach_type)
{
	/* One that jumps to the next instruction is not a loop to all kernels. */
	struct bpf_insn insns[] = {
		insn_mov32i(BPF_REG_0, 1),
		insn_may_goto(),
		insn_ja(),
		insn_exit(),
	};
	const struct code c = {
		.prog_type = prog_type, .attach_type = attach_type,
		.name = "xtbpf_probe", .insns = insns,
		.n = sizeof(insns) / sizeof(*insns),
	};
	int fd;

	insns[1].off = 1;
	insns[2].off = -2;
	fd = load(&c, NULL);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool be_load_calls(int prog_type)
{
	return libbpf_probe_bpf_helper((enum bpf_prog_type)prog_type,
				       BPF_FUNC_loop, NULL) == 1;
}

/* Once more, for the verifier's word. */
static void explain(const struct code *c, int err, struct diag *diag)
{
	char *log = calloc(1, LOG_SIZE);
	const char *word = "";

	if (log) {
		load(c, log);
		word = last_word(log);
	}
	diag_error(diag, NULL, "cannot load program '%s': %s%s%s", c->name,
		   strerror(-err), *word ? ": " : "", word);
	free(log);
}

static int load_or_explain(const struct code *c, struct diag *diag)
{
	int fd = load(c, NULL);

	if (fd < 0 && diag)
		explain(c, fd, diag);
	return fd;
}

int be_load(int prog_type, int attach_type, const char *name,
	    const struct bpf_insn *insns, uint32_t n, struct diag *diag)
{
	const struct code c = {
		.prog_type = prog_type, .attach_type = attach_type,
		.name = name, .insns = insns, .n = n,
	};

	return load_or_explain(&c, diag);
}

/* A function of @n numbers that returns one: its id, or -errno. */
static int add_function(struct btf *btf, const char *name, int type, int n)
{
	int proto = btf__add_func_proto(btf, type), err = 0;

	if (proto < 0)
		return proto;
	while (!err && n--)
		err = btf__add_func_param(btf, n ? "i" : "ctx", type);
	return err ? err : btf__add_func(btf, name, BTF_FUNC_STATIC, proto);
}

/*
 * Functions that are called back have to be described, though nobody looks at
 * how: all are static, and what they take and return is a number.  The BTF for
 * @c, or NULL with errno.
 */
static struct btf *describe(struct code *c, const uint32_t *start)
{
	struct btf *btf = btf__new_empty();
	char name[32];
	uint32_t i;
	int type, id;

	if (!btf)
		return NULL;
	type = btf__add_int(btf, "long", 8, BTF_INT_SIGNED);
	id = type;
	for (i = 0; id > 0 && i < c->nfuncs; i++) {
		snprintf(name, sizeof(name), "%s%u", c->name, i);
		id = add_function(btf, name, type, i ? 2 : 1);
		c->func[i] = (struct bpf_func_info){
			.insn_off = start[i], .type_id = (uint32_t)id,
		};
	}
	if (id > 0 && !btf__load_into_kernel(btf))
		return btf;
	if (id < 0)
		errno = -id;
	id = errno;
	btf__free(btf);
	errno = id;
	return NULL;
}

int be_load_parts(int prog_type, int attach_type, const char *name,
		  const struct be_asm *a, struct diag *diag)
{
	struct bpf_func_info func[BE_MAX_PARTS];
	struct code c = {
		.prog_type = prog_type, .attach_type = attach_type,
		.name = name, .insns = a->insns, .n = a->ninsns,
		.func = func, .nfuncs = a->nfuncs + 1,
	};
	struct btf *btf;
	int fd;

	if (!a->nfuncs)
		return be_load(prog_type, attach_type, name, a->insns,
			       a->ninsns, diag);
	btf = describe(&c, a->start);
	if (!btf) {
		fd = -errno;
		diag_error(diag, NULL, "cannot describe the functions of '%s': %s",
			   name, strerror(-fd));
		return fd;
	}
	c.btf_fd = btf__fd(btf);
	fd = load_or_explain(&c, diag);
	btf__free(btf);
	return fd;
}
