/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/host.c - hosts of our own, one for each engine
 *
 * The incoming interface receives through NAPI ("gro on"), as network cards do:
 * without, veth throws redirected frames away.  Addresses are not needed: with
 * rp_filter off a host forwards between interfaces that have none.
 */
#include "config.h"

#include "cmd/bench/host.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/netfilter.h>
#include <linux/pkt_cls.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/bpffs.h"
#include "backend/insn.h"
#include "backend/load.h"
#include "backend/sys.h"
#include "cmd/bench/command.h"

/* Newer than the oldest headers we build with. */
#define PROG_NETFILTER		32
#define ATTACH_NETFILTER	45
#define BEHIND_FILTER		100

#define MAC_WIRE	"02:00:00:00:01:01"
#define MAC_IN		"02:00:00:00:01:02"
#define MAC_OUT		"02:00:00:00:02:01"
#define MAC_SINK	"02:00:00:00:02:02"
#define NEXT_HOP	"169.254.0.1"

const uint8_t bench_host_ethernet[14] = {
	2, 0, 0, 0, 1, 2, 2, 0, 0, 0, 1, 1, 8, 0,
};

static int failed(struct diag *diag, const char *what)
{
	int err = -errno;

	diag_error(diag, NULL, "%s: %s", what, strerror(-err));
	return err;
}

/* Settings ---------------------------------------------------------------- */

static int set_sysctl(const char *key, const char *value, struct diag *diag)
{
	char path[160];
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err = failed(diag, path);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Of the calling thread's namespace.  No IPv6: it would talk by itself. */
static int set_sysctls(bool forwards, struct diag *diag)
{
	static const char *const on[] = {
		"ipv4/conf/all/accept_local", "ipv4/conf/default/accept_local",
	};
	static const char *const off[] = {
		"ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter",
		"ipv4/conf/all/send_redirects",
		"ipv4/conf/default/send_redirects",
	};
	static const char *const v6[] = {
		"ipv6/conf/all/disable_ipv6", "ipv6/conf/default/disable_ipv6",
	};
	uint32_t i;
	int err;

	err = set_sysctl("ipv4/ip_forward", forwards ? "1" : "0", diag);
	for (i = 0; !err && i < sizeof(on) / sizeof(*on); i++)
		err = set_sysctl(on[i], "1", diag);
	for (i = 0; !err && i < sizeof(off) / sizeof(*off); i++)
		err = set_sysctl(off[i], "0", diag);
	for (i = 0; !err && i < 2 && !access("/proc/sys/net/ipv6", F_OK); i++)
		err = set_sysctl(v6[i], "1", diag);
	return err;
}

/* Leaving ----------------------------------------------------------------- */

/*
 * A bpffs of our own, and a lock: what is pinned and locked here is nobody
 * else's business.
 */
int bench_world_leave(struct diag *diag)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET))
		return failed(diag, "cannot make namespaces");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bench", "/run", "tmpfs", 0, "mode=0755"))
		return failed(diag, "cannot mount a /run");
	if (mkdir(BE_RUNDIR, 0700) ||
	    mount("bpffs", BE_RUNDIR, "bpf", 0, "mode=0700"))
		return failed(diag, "cannot mount a bpffs");
	return set_sysctls(false, diag);
}

/* Making ------------------------------------------------------------------ */

/* Runs `ip -batch`, in namespace @netns. */
static int ip_batch(int netns, const char *text, struct diag *diag)
{
	struct bench_command c = {
		.arg = { "ip", "-batch", "-", NULL },
		.netns = netns, .in = text, .inlen = strlen(text),
	};
	int err = bench_command_run(&c);

	if (err)
		diag_error(diag, NULL, "%s", bench_command_reason(&c, err));
	bench_command_free(&c);
	return err;
}

static int make_wires(const struct bench_ruleset *rs, uint32_t n,
		      const struct bench_host *h, struct diag *diag)
{
	char text[1024];
	int len;

	len = snprintf(text, sizeof(text),
		       "link add w%u address " MAC_WIRE " type veth peer name %s address " MAC_IN " netns /proc/%d/fd/%d\n"
		       "link set w%u up\n", n, rs->iif, getpid(), h->netns, n);
	if (rs->hook == IR_HOOK_FORWARD)
		snprintf(text + len, sizeof(text) - (size_t)len,
			 "link add s%u address " MAC_SINK " type veth peer name %s address " MAC_OUT " netns /proc/%d/fd/%d\n"
			 "link set s%u up\n", n, rs->oif, getpid(), h->netns,
			 n);
	return ip_batch(-1, text, diag);
}

static int make_routes(const struct bench_ruleset *rs,
		       const struct bench_host *h, struct diag *diag)
{
	char text[512];
	int len;

	len = snprintf(text, sizeof(text), "link set lo up\nlink set %s up\n",
		       rs->iif);
	if (rs->hook == IR_HOOK_INPUT)
		snprintf(text + len, sizeof(text) - (size_t)len,
			 "route add local 0.0.0.0/0 dev lo\n");
	else
		snprintf(text + len, sizeof(text) - (size_t)len,
			 "link set %s up\n"
			 "neigh replace " NEXT_HOP " lladdr " MAC_SINK " dev %s nud permanent\n"
			 "route add default via " NEXT_HOP " dev %s onlink\n",
			 rs->oif, rs->oif, rs->oif);
	return ip_batch(h->netns, text, diag);
}

static int set_gro(const char *dev, struct diag *diag)
{
	struct ethtool_value v = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq r = { .ifr_data = (void *)&v };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", dev);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &r))
		err = failed(diag, "cannot switch GRO on");
	if (fd >= 0)
		close(fd);
	return err;
}

/* What gets through ------------------------------------------------------- */

/* Counts and drops. */
static int load_counter(int map, int type, int attach_type, int32_t verdict,
			struct diag *diag)
{
	const struct bpf_insn insns[] = {
		insn_make(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1,
			  BPF_PSEUDO_MAP_VALUE, 0, map),
		insn_make(0, 0, 0, 0, 0),
		insn_movi(BPF_REG_2, 1),
		insn_atomic(BPF_DW, BPF_ADD, BPF_REG_1, 0, BPF_REG_2),
		insn_movi(BPF_REG_0, verdict),
		insn_exit(),
	};

	return be_load(type, attach_type, "bench_through", insns,
		       sizeof(insns) / sizeof(*insns), diag);
}

/* Behind the wire out: as it comes to our end. */
static int count_at_sink(uint32_t n, const struct bench_host *h,
			 struct diag *diag)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts);
	char dev[IF_NAMESIZE];
	int prog, err;

	prog = load_counter(h->through, BPF_PROG_TYPE_SCHED_CLS, 0,
			    TC_ACT_SHOT, diag);
	if (prog < 0)
		return prog;
	snprintf(dev, sizeof(dev), "s%u", n);
	hook.ifindex = (int)if_nametoindex(dev);
	opts.prog_fd = prog;
	err = bpf_tc_hook_create(&hook);
	if (!err)
		err = bpf_tc_attach(&hook, &opts);
	close(prog);
	if (err)
		diag_error(diag, NULL, "cannot count at a tc hook: %s",
			   strerror(-err));
	return err;
}

/* Behind the INPUT chain of the calling thread's namespace. */
static int count_behind_input(struct bench_host *h, struct diag *diag)
{
	const struct {
		uint32_t	pf;
		uint32_t	hooknum;
		int32_t		priority;
		uint32_t	flags;
	} opts = { NFPROTO_IPV4, NF_INET_LOCAL_IN, BEHIND_FILTER, 0 };
	int prog;

	prog = load_counter(h->through, PROG_NETFILTER, ATTACH_NETFILTER,
			    NF_DROP, diag);
	if (prog < 0)
		return prog;
	h->link = be_sys_link_create(prog, 0, ATTACH_NETFILTER, 0, &opts,
				     sizeof(opts));
	close(prog);
	if (h->link >= 0)
		return 0;
	diag_error(diag, NULL, "cannot count behind INPUT: %s",
		   strerror(-h->link));
	return h->link;
}

int bench_host_through(const struct bench_host *h, uint64_t *n)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(h->through, &zero, n) ? -errno : 0;
}

/* The host ---------------------------------------------------------------- */

/* Inside, with the wires there. */
static int set_inside(const struct bench_ruleset *rs, struct bench_host *h,
		      struct diag *diag)
{
	int err;

	h->in = if_nametoindex(rs->iif);
	err = set_gro(rs->iif, diag);
	if (!err && rs->hook == IR_HOOK_INPUT)
		err = count_behind_input(h, diag);
	return err;
}

static int fill(const struct bench_ruleset *rs, uint32_t n, int outside,
		struct bench_host *h, struct diag *diag)
{
	char dev[IF_NAMESIZE];
	int err;

	if (unshare(CLONE_NEWNET))
		return failed(diag, "cannot make a network namespace");
	h->netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (h->netns < 0)
		return failed(diag, "cannot open a network namespace");
	err = set_sysctls(rs->hook == IR_HOOK_FORWARD, diag);
	if (setns(outside, CLONE_NEWNET))
		return failed(diag, "cannot leave a network namespace");
	if (!err)
		err = make_wires(rs, n, h, diag);
	if (!err)
		err = make_routes(rs, h, diag);
	if (err)
		return err;
	snprintf(dev, sizeof(dev), "w%u", n);
	h->wire = if_nametoindex(dev);
	if (rs->hook == IR_HOOK_FORWARD)
		err = count_at_sink(n, h, diag);
	if (setns(h->netns, CLONE_NEWNET))
		return failed(diag, "cannot enter a network namespace");
	return err ? err : set_inside(rs, h, diag);
}

int bench_host_new(const struct bench_ruleset *rs, uint32_t n,
		   struct bench_host *h, struct diag *diag)
{
	int outside, err;

	*h = (struct bench_host){ .netns = -1, .through = -1, .link = -1 };
	outside = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (outside < 0)
		return failed(diag, "cannot open a network namespace");
	h->through = bpf_map_create(BPF_MAP_TYPE_ARRAY, "bench_through", 4, 8,
				    1, NULL);
	if (h->through < 0)
		err = failed(diag, "cannot make a counter");
	else
		err = fill(rs, n, outside, h, diag);
	if (setns(outside, CLONE_NEWNET))
		_exit(111);	/* worse than ending: the wrong namespace */
	close(outside);
	if (err)
		bench_host_free(h);
	return err;
}

void bench_host_free(struct bench_host *h)
{
	if (h->link >= 0)
		close(h->link);
	if (h->through >= 0)
		close(h->through);
	if (h->netns >= 0)
		close(h->netns);
	h->netns = h->through = h->link = -1;
}
