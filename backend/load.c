/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backend/load.c - a program into the kernel, with the verifier's word */
#include "backend/load.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/insn.h"

#define LOG_SIZE	(16u << 20)

static int load(int prog_type, int attach_type, const char *name,
		const struct bpf_insn *insns, uint32_t n, char *log)
{
	LIBBPF_OPTS(bpf_prog_load_opts, o);
	int fd;

	o.expected_attach_type = (enum bpf_attach_type)attach_type;
	o.log_level = log ? 1 : 0;
	o.log_buf = log;
	o.log_size = log ? LOG_SIZE : 0;
	fd = bpf_prog_load((enum bpf_prog_type)prog_type, name, "GPL", insns,
			   n, &o);
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
	int fd;

	insns[1].off = 1;
	insns[2].off = -2;
	fd = load(prog_type, attach_type, "xtbpf_probe", insns,
		  sizeof(insns) / sizeof(*insns), NULL);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Once more, for the verifier's word. */
static void explain(int prog_type, int attach_type, const char *name,
		    const struct bpf_insn *insns, uint32_t n, int err,
		    struct diag *diag)
{
	char *log = calloc(1, LOG_SIZE);
	const char *word = "";

	if (log) {
		load(prog_type, attach_type, name, insns, n, log);
		word = last_word(log);
	}
	diag_error(diag, NULL, "cannot load program '%s': %s%s%s", name,
		   strerror(-err), *word ? ": " : "", word);
	free(log);
}

int be_load(int prog_type, int attach_type, const char *name,
	    const struct bpf_insn *insns, uint32_t n, struct diag *diag)
{
	int fd = load(prog_type, attach_type, name, insns, n, NULL);

	if (fd < 0 && diag)
		explain(prog_type, attach_type, name, insns, n, fd, diag);
	return fd;
}
