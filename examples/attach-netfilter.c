/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * examples/attach-netfilter.c - the netfilter program of an object, on its hooks
 *
 *	attach-netfilter OBJECT ipv4|ipv6 PRIORITY DIR
 *
 * What bpftool cannot do, for a host that has no iptables-bpf: loads an object that
 * `xtbpf convert` wrote, attaches its program in this network namespace to INPUT,
 * FORWARD and OUTPUT at PRIORITY (-1 is just before iptables; each may be taken only
 * once), and pins the links and the counters in DIR, a folder of a bpffs.  Removing the
 * links' pins takes it off again.  Where anything fails it is on no hook.
 *
 *	cc -o attach-netfilter attach-netfilter.c -lbpf
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/netfilter.h>

/* Linux 6.4; libbpf knows them from 1.3 on. */
#define PROG_TYPE_NETFILTER	32
#define ATTACH_TYPE_NETFILTER	45

enum { FIRST = NF_INET_LOCAL_IN, LAST = NF_INET_LOCAL_OUT, COUNTERS, NPINS };

/* What is pinned: a link for each hook, and a map. */
static const char *const names[NPINS] = {
	[NF_INET_LOCAL_IN]	= "input",
	[NF_INET_FORWARD]	= "forward",
	[NF_INET_LOCAL_OUT]	= "output",
	[COUNTERS]		= "counters",
};

static int fail(const char *what)
{
	fprintf(stderr, "attach-netfilter: %s: %s\n", what, strerror(errno));
	return 1;
}

/* A new link, or -1 with errno. */
static int attach(int prog, uint32_t family, uint32_t hook, int32_t priority)
{
	union {
		union bpf_attr attr;
		struct {
			uint32_t prog_fd, target, attach_type, flags;
			uint32_t family, hook;
			int32_t priority;
			uint32_t nf_flags;
		} nf;
	} a;

	memset(&a, 0, sizeof(a));
	a.nf.prog_fd = (uint32_t)prog;
	a.nf.attach_type = ATTACH_TYPE_NETFILTER;
	a.nf.family = family;
	a.nf.hook = hook;
	a.nf.priority = priority;
	return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &a, sizeof(a));
}

static struct bpf_program *find(struct bpf_object *obj)
{
	struct bpf_program *p, *found = NULL;

	bpf_object__for_each_program(p, obj) {
		if (strcmp(bpf_program__section_name(p), "netfilter")) {
			bpf_program__set_autoload(p, false);
			continue;
		}
		bpf_program__set_type(p,
				      (enum bpf_prog_type)PROG_TYPE_NETFILTER);
		bpf_program__set_expected_attach_type(p,
			(enum bpf_attach_type)ATTACH_TYPE_NETFILTER);
		found = p;
	}
	return found;
}

/* All of @fd in @dir, or none.  0 or an exit status. */
static int pin(const int fd[NPINS], const char *dir)
{
	char path[512];
	int i, rc;

	for (i = FIRST; i < NPINS; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (bpf_obj_pin(fd[i], path))
			break;
	}
	if (i == NPINS)
		return 0;
	rc = fail(path);
	while (i-- > FIRST) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rc;
}

/*
 * Loads @obj, read from @file, and attaches it.  Links that are not pinned end with
 * this process.  0 or an exit status.
 */
static int enforce(struct bpf_object *obj, const char *file, uint32_t family,
		   int32_t priority, const char *dir)
{
	struct bpf_program *prog = obj ? find(obj) : NULL;
	uint32_t hook;
	int fd[NPINS];

	if (!prog || bpf_object__load(obj))
		return fail(file);
	for (hook = FIRST; hook <= LAST; hook++) {
		fd[hook] = attach(bpf_program__fd(prog), family, hook,
				  priority);
		if (fd[hook] < 0)
			return fail(names[hook]);
	}
	fd[COUNTERS] = bpf_object__find_map_fd_by_name(obj, "xtbpf_count");
	return pin(fd, dir);
}

int main(int argc, char **argv)
{
	struct bpf_object *obj;
	uint32_t family;
	int rc;

	if (argc != 5 || (strcmp(argv[2], "ipv4") && strcmp(argv[2], "ipv6"))) {
		fprintf(stderr, "Usage: attach-netfilter OBJECT ipv4|ipv6 PRIORITY DIR\n");
		return 2;
	}
	family = strcmp(argv[2], "ipv6") ? NFPROTO_IPV4 : NFPROTO_IPV6;
	obj = bpf_object__open(argv[1]);
	rc = enforce(obj, argv[1], family, atoi(argv[3]), argv[4]);
	bpf_object__close(obj);
	return rc;
}
