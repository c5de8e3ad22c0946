/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd/bench/machine.h - what the numbers were measured on */
#ifndef CMD_BENCH_MACHINE_H
#define CMD_BENCH_MACHINE_H

struct bench_machine {
	char		cpu[128];	/* "AMD EPYC ..." */
	int		cpus;		/* that are on */
	int		pinned;		/* the one we run on */
	char		kernel[128];	/* "Linux 6.18.44 x86_64" */
	char		memory[32];	/* "4.0 GiB" */
	char		virt[64];	/* the hypervisor's name; "": none known */
	char		mitigations[512]; /* of what the CPU is vulnerable to */
	char		load[32];	/* of the last minute, at the start */
};

/* What cannot be found out is "unknown" or "". */
void bench_machine_read(struct bench_machine *m);

#endif
