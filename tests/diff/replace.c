/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/diff/replace.c - no packet meets neither ruleset, nor both
 *
 *	replace HOOK [FRAMES]
 *
 * Two rulesets that drop everything by policy replace each other as fast as
 * commits go, while another CPU sends frames (XDP live frames) into the
 * namespace, at random to an address of the host and to one behind it.  None
 * may get through, and the policy counters, which go on from ruleset to
 * ruleset, must end at the number of frames and of their bytes.
 *
 * The same is then done while rulesets of IPv6 come to the same hook and go, and
 * with a detach before each commit, to show that leaks would have been seen.
 */
#include "config.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/sockios.h>
#include <linux/udp.h>
#include <net/if.h>

#include "backend/asm.h"
#include "backend/bpffs.h"
#include "backend/ns.h"
#include "backend/sys.h"
#include "ir/ruleset.h"
#include "translator/classifier.h"

#define FRAMES		2000000		/* at least */
#define REPLACEMENTS	50		/* at least */
#define LIVE_FRAMES	(1u << 1)	/* BPF_F_TEST_XDP_LIVE_FRAMES */
#define BATCH		64
#define FRAME		64		/* bytes */
#define IP_BYTES	(FRAME - ETH_HLEN)

#define NCOUNTERS	16

struct rules {
	struct ir_table	*t;
	struct tr_classifier *c;
	uint32_t	policy[2];	/* counters: INPUT, FORWARD */
	char		image[8];
};

/* What generator and replacer tell each other. */
static struct {
	volatile uint64_t sent;
	volatile bool	enough;
} *shared;

static struct diag diag;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what,
		diag.set ? diag.msg : strerror(errno));
	exit(2);
}

static void run(const char *command)
{
	if (system(command))
		die(command);
}

/* Like a host with r0 inside, r1 outside; c0 and s0 are their far ends. */
static void make_host(void)
{
	run("ip link set lo up");
	run("ip link add r0 address 02:00:00:00:00:01 type veth peer name c0");
	run("ip link add r1 address 02:00:00:00:00:03 type veth peer name s0");
	run("sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 "
	    "net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.r0.rp_filter=0 "
	    "net.ipv6.conf.all.disable_ipv6=1");
	run("ip addr add 10.1.0.1/24 dev r0; ip addr add 10.2.0.1/24 dev r1");
	run("for i in c0 r0 s0 r1; do ip link set $i up; done");
	run("ip neigh replace 10.2.0.2 lladdr 02:00:00:00:00:04 dev r1");
	run("nft -f - <<X\n"
	    "table ip leak { chain c {\n"
	    "  type filter hook input priority 100;\n"
	    "  iifname r0 counter drop\n }\n}\n"
	    "table netdev leak { chain c {\n"
	    "  type filter hook ingress device s0 priority -500;\n"
	    "  counter drop\n }\n}\n"
	    "X");
}

/* Then r0 has NAPI and takes frames sent to its peer. */
static void set_gro(const char *dev)
{
	struct ethtool_value v = { ETHTOOL_SGRO, 1 };
	struct ifreq req;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memset(&req, 0, sizeof(req));
	strcpy(req.ifr_name, dev);
	req.ifr_data = (void *)&v;
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &req))
		die("gro");
	close(fd);
}

/* What got through so far, by the nft counters. */
static uint64_t leaked(void)
{
	FILE *p = popen("nft list ruleset", "r");
	unsigned long long n, sum = 0;
	char line[256], *s;
	int seen = 0;

	while (p && fgets(line, sizeof(line), p)) {
		s = strstr(line, "counter packets ");
		if (!s || sscanf(s, "counter packets %llu", &n) != 1)
			continue;
		sum += n;
		seen++;
	}
	if (!p || pclose(p) || seen != 2)
		die("nft list ruleset");
	return sum;
}

static uint16_t checksum(const uint16_t *p, size_t n)
{
	uint32_t sum = 0;

	while (n--)
		sum += *p++;
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~(sum + (sum >> 16));
}

static void make_frame(uint8_t *f, const char *daddr)
{
	static const uint8_t eth[ETH_HLEN] = {
		2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0
	};
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
		.tot_len = htons(IP_BYTES),
		.saddr = inet_addr("10.1.0.2"), .daddr = inet_addr(daddr),
	};
	const struct udphdr udp = {
		.source = htons(4000), .dest = htons(7000),
		.len = htons(IP_BYTES - sizeof(ip)),
	};

	memset(f, 0, FRAME);
	memcpy(f, eth, sizeof(eth));
	ip.check = checksum((const uint16_t *)&ip, sizeof(ip) / 2);
	memcpy(f + ETH_HLEN, &ip, sizeof(ip));
	memcpy(f + ETH_HLEN + sizeof(ip), &udp, sizeof(udp));
}

/* Writes one of the two frames in the box, and out of @ifindex with it. */
static int load_generator(int box, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	struct be_asm a;
	be_label out;
	int i, fd;

	be_asm_init(&a);
	out = be_label_new(&a);
	be_emit(&a, insn_load(BPF_W, BPF_REG_6, BPF_REG_1,
			      offsetof(struct xdp_md, data)));
	be_emit(&a, insn_load(BPF_W, BPF_REG_2, BPF_REG_1,
			      offsetof(struct xdp_md, data_end)));
	be_emit(&a, insn_mov(BPF_REG_3, BPF_REG_6));
	be_emit(&a, insn_alui(BPF_ADD, BPF_REG_3, FRAME));
	be_jump(&a, insn_jump(BPF_JGT, BPF_REG_3, BPF_REG_2), out);
	be_emit(&a, insn_call(BPF_FUNC_get_prandom_u32));
	be_emit(&a, insn_alui(BPF_AND, BPF_REG_0, FRAME));
	be_emit_load64(&a, BPF_REG_7, BPF_PSEUDO_MAP_VALUE, (uint32_t)box);
	be_emit(&a, insn_alu(BPF_ADD, BPF_REG_7, BPF_REG_0));
	for (i = 0; i < FRAME; i += 8) {
		be_emit(&a, insn_load(BPF_DW, BPF_REG_1, BPF_REG_7, i));
		be_emit(&a, insn_store(BPF_DW, BPF_REG_6, i, BPF_REG_1));
	}
	be_emit(&a, insn_movi(BPF_REG_1, (int32_t)ifindex));
	be_emit(&a, insn_movi(BPF_REG_2, 0));
	be_emit(&a, insn_call(BPF_FUNC_redirect));
	be_emit(&a, insn_exit());
	be_label_here(&a, out);
	be_emit(&a, insn_movi(BPF_REG_0, XDP_ABORTED));
	be_emit(&a, insn_exit());
	if (be_finish(&a))
		die("generator");
	fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "generator", "GPL", a.insns,
			   a.ninsns, &opts);
	if (fd < 0)
		die("generator");
	be_asm_free(&a);
	return fd;
}

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void send_some(int prog, uint32_t ifindex, int n)
{
	struct xdp_md ctx = { .data_end = FRAME, .ingress_ifindex = ifindex };
	uint8_t data[FRAME] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts,
		    .data_in = data, .data_size_in = sizeof(data),
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = n,
		    .flags = LIVE_FRAMES, .batch_size = BATCH);

	if (bpf_prog_test_run_opts(prog, &opts))
		die("live frames");
	shared->sent += (uint64_t)n;
}

/* @frames, and on until there were enough replacements (but not for ever). */
static void generate(int prog, uint32_t ifindex, uint64_t frames)
{
	shared->sent = 0;
	while (shared->sent < frames ||
	       (!shared->enough && shared->sent < 50 * frames))
		send_some(prog, ifindex, 10000);
}

/* @extra rules that the frames meet on their way, none of them the end. */
static void make_rules(struct rules *r, int family, uint32_t extra,
		       const char *image)
{
	static const enum ir_hook hooks[] = { IR_HOOK_INPUT, IR_HOOK_FORWARD };
	struct ir_chain *c;
	struct ir_rule *rule;
	uint32_t i, k, depth;

	r->t = ir_table_new(family, "filter");
	for (i = 0; r->t && i < 2; i++) {
		c = ir_table_base(r->t, hooks[i]);
		c->policy = IR_DROP;
		for (k = 0; k < extra; k++) {
			rule = ir_rule_new(r->t);
			if (!rule ||
			    ir_rule_add_range(r->t, rule, IR_PROTO, IPPROTO_UDP,
					      IPPROTO_UDP, false) ||
			    ir_chain_insert(r->t, c, k, rule))
				die("rules");
		}
	}
	if (!r->t || ir_table_number(r->t) > NCOUNTERS ||
	    ir_table_check(r->t, &depth, &diag))
		die("rules");
	r->c = tr_translate(r->t, NULL, &diag);
	if (!r->c)
		die("translate");
	for (i = 0; i < 2; i++)
		r->policy[i] = ir_table_base(r->t, hooks[i])->index;
	strcpy(r->image, image);
}

static void read_back(int family, struct be_image *image)
{
	struct be_ns *ns;

	if (be_ns_open(&ns, true, &diag) ||
	    be_ns_read(ns, family, image, &diag))
		die("read");
	be_ns_close(ns);
}

/* @r instead of what is there; the policies' counters go on. */
static void commit(const struct rules *r, const struct rules *old,
		   const struct be_attach *attach)
{
	struct ir_counter start[NCOUNTERS] = { { 0, 0 } };
	uint32_t continues[NCOUNTERS], i;
	struct be_image before;
	struct be_commit c = {
		.family = ir_table_family(r->t),
		.classifier = r->c, .ruleset = r->image,
		.size = sizeof(r->image), .start = start,
		.continues = continues, .before = &before, .attach = attach,
	};
	struct be_ns *ns;

	memset(continues, 0xff, sizeof(continues));
	read_back(c.family, &before);
	for (i = 0; before.ruleset && i < 2; i++) {
		continues[r->policy[i]] = old->policy[i];
		start[r->policy[i]] = before.counter[old->policy[i]];
	}
	if (be_ns_open(&ns, true, &diag) || be_ns_commit(ns, &c, &diag))
		die("commit");
	be_ns_close(ns);
	be_image_free(&before);
}

static void detach(int family)
{
	struct be_ns *ns;

	if (be_ns_open(&ns, false, &diag) ||
	    (ns && be_ns_detach(ns, family, &diag)))
		die("detach");
	be_ns_close(ns);
}

/* How rulesets are replaced. */
enum manner {
	ATOMIC,
	NAIVE,		/* one is taken off first */
	BESIDE,		/* those of IPv6 come and go, too, r[2] and r[3] */
};

/* IPv6 comes to this hook, changes, goes to another, and is taken off. */
static void change_other(struct rules *r, const struct be_attach *attach,
			 unsigned int n)
{
	static const struct be_attach elsewhere = { .type = BE_NETFILTER };

	if (n % 4 == 3)
		detach(AF_INET6);
	else
		commit(&r[2 + n % 2], &r[3 - n % 2],
		       n % 4 == 2 ? &elsewhere : attach);
}

/* Replaces until the generator ends.  How often; *last is what is in force. */
static unsigned int replace(struct rules *r, const struct be_attach *attach,
			    pid_t generator, enum manner manner,
			    struct rules **last)
{
	unsigned int n = 0;
	int status;

	while (!waitpid(generator, &status, WNOHANG)) {
		if (manner == NAIVE)
			detach(AF_UNSPEC);
		if (manner == BESIDE)
			change_other(r, attach, n);
		commit(&r[(n + 1) % 2], &r[n % 2], attach);
		shared->enough = ++n >= REPLACEMENTS;
	}
	if (status)
		die("generator");
	*last = &r[n % 2];
	return n;
}

struct result {
	uint64_t	frames;
	uint64_t	leaked;
	struct ir_counter counted;
	unsigned int	replaced;
};

static void experiment(struct rules *r, const struct be_attach *attach,
		       uint64_t frames, enum manner manner, struct result *res)
{
	uint8_t two[2 * FRAME];
	const uint64_t leaked_before = leaked();
	const uint32_t ifindex = if_nametoindex("c0");
	struct be_image image;
	struct rules *last;
	int box, prog, i;
	pid_t pid;

	make_frame(two, "10.1.0.1");
	make_frame(two + FRAME, "10.2.0.2");
	box = be_box_create("frames", two, sizeof(two));
	prog = load_generator(box, ifindex);
	commit(&r[0], &r[0], attach);
	shared->enough = false;
	pid = fork();
	if (!pid) {
		on_cpu(0);
		generate(prog, ifindex, frames);
		_exit(0);
	}
	on_cpu(1);
	res->replaced = replace(r, attach, pid, manner, &last);
	res->frames = shared->sent;
	usleep(100000);
	read_back(AF_INET, &image);
	memset(&res->counted, 0, sizeof(res->counted));
	for (i = 0; i < 2; i++) {
		res->counted.packets += image.counter[last->policy[i]].packets;
		res->counted.bytes += image.counter[last->policy[i]].bytes;
	}
	be_image_free(&image);
	res->leaked = leaked() - leaked_before;
	detach(AF_UNSPEC);
	close(prog);
	close(box);
}

static int report(const char *hook, const char *how, const struct result *res,
		  bool good)
{
	printf("%s replace %s%s: %llu frames, %u replacements, %llu counted, %llu bytes, %llu leaked\n",
	       good ? "PASS" : "FAIL", hook, how, (unsigned long long)res->frames,
	       res->replaced, (unsigned long long)res->counted.packets,
	       (unsigned long long)res->counted.bytes,
	       (unsigned long long)res->leaked);
	fflush(stdout);
	return good ? 0 : 1;
}

static bool fence_in(void)
{
	return !unshare(CLONE_NEWNS | CLONE_NEWNET) &&
	       !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       !mount("none", "/run", "tmpfs", 0, NULL) &&
	       !mkdir(BE_RUNDIR, 0700) &&
	       !mount("bpffs", BE_RUNDIR, "bpf", 0, NULL);
}

int main(int argc, char **argv)
{
	const uint64_t frames = argc > 2 ? strtoull(argv[2], NULL, 10) : FRAMES;
	const char *spec;
	struct be_attach attach;
	struct rules r[4];
	struct result res;
	int failed, i;

	if (argc < 2) {
		fputs("usage: replace netfilter|xdp|tc [FRAMES]\n", stderr);
		return 2;
	}
	if (geteuid() || sysconf(_SC_NPROCESSORS_ONLN) < 2 || !fence_in()) {
		fputs("needs root and two CPUs: skipped\n", stderr);
		return 77;
	}
	spec = !strcmp(argv[1], "xdp") ? "xdp:r0" :
	       !strcmp(argv[1], "tc") ? "tc:r0,r1" : argv[1];
	if (be_attach_parse(spec, &attach, &diag))
		die(spec);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	make_host();
	set_gro("r0");
	for (i = 0; i < 4; i++)
		make_rules(&r[i], i < 2 ? AF_INET : AF_INET6, i % 2 ? 3 : 1,
			   i % 2 ? "three" : "one");
	experiment(r, &attach, frames, ATOMIC, &res);
	failed = report(argv[1], "", &res,
			!res.leaked && res.replaced >= REPLACEMENTS &&
			res.counted.packets == res.frames &&
			res.counted.bytes == res.frames * IP_BYTES);
	experiment(r, &attach, frames / 4, BESIDE, &res);
	failed |= report(argv[1], " beside IPv6", &res,
			 !res.leaked && res.replaced >= REPLACEMENTS &&
			 res.counted.packets == res.frames &&
			 res.counted.bytes == res.frames * IP_BYTES);
	experiment(r, &attach, frames / 10, NAIVE, &res);
	failed |= report(argv[1], " naively, must leak", &res,
			 res.leaked && res.replaced);
	for (i = 0; i < 4; i++) {
		tr_classifier_free(r[i].c);
		ir_table_free(r[i].t);
	}
	return failed;
}
