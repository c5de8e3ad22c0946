/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/engine.c - what can judge packets, each on a host of its own
 *
 * Four ways to be loaded: iptables-restore's (ours among them), nft's, ipset's
 * with iptables-restore's, and a bare XDP program.
 */
#include "config.h"

#include "cmd/bench/engine.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/attach.h"
#include "backend/insn.h"
#include "backend/load.h"
#include "backend/ns.h"
#include "cmd/bench/command.h"
#include "cmd/bench/set.h"
#include "cmd/cmd.h"

#define SELF	"/proc/self/exe"

enum way {
	WAY_NONE,
	WAY_XDP,
	WAY_RESTORE,		/* iptables-restore */
	WAY_NFT,
	WAY_IPSET,		/* and iptables-restore */
};

static const struct engine {
	const char	*name;
	enum way	way;
	const char	*program;	/* NULL: arg[0] in PATH */
	const char	*restore;
	const char	*attach;	/* "--attach=HOOK": it is ours */
	const char	*save[4];
	const char	*version[3];
} engines[BENCH_NENGINES] = {
	[BENCH_NO_RULES] = { .name = "no-rules" },
	[BENCH_XDP_DROP] = { .name = "xdp-drop", .way = WAY_XDP },
	[BENCH_BPF_XDP] = {
		"bpf-xdp", WAY_RESTORE, SELF, CMD_RESTORE, "--attach=xdp",
		{ CMD_SAVE, "-c" }, { CMD_XTBPF, "--version" },
	},
	[BENCH_BPF_TC] = {
		"bpf-tc", WAY_RESTORE, SELF, CMD_RESTORE, "--attach=tc",
		{ CMD_SAVE, "-c" }, { CMD_XTBPF, "--version" },
	},
	[BENCH_BPF_NETFILTER] = {
		"bpf-netfilter", WAY_RESTORE, SELF, CMD_RESTORE,
		"--attach=netfilter",
		{ CMD_SAVE, "-c" }, { CMD_XTBPF, "--version" },
	},
	[BENCH_LEGACY] = {
		"iptables-legacy", WAY_RESTORE, NULL, "iptables-legacy-restore",
		NULL, { "iptables-legacy-save", "-c", "-t", "filter" },
		{ "iptables-legacy", "-V" },
	},
	[BENCH_IPTABLES_NFT] = {
		"iptables-nft", WAY_RESTORE, NULL, "iptables-nft-restore",
		NULL, { "iptables-nft-save", "-c", "-t", "filter" },
		{ "iptables-nft", "-V" },
	},
	[BENCH_NFTABLES] = {
		"nftables", WAY_NFT, NULL, "nft", NULL,
		{ "nft", "list", "ruleset" }, { "nft", "--version" },
	},
	[BENCH_NFT_SET] = {
		"nft-set", WAY_NFT, NULL, "nft", NULL,
		{ "nft", "list", "ruleset" }, { "nft", "--version" },
	},
	[BENCH_IPSET] = {
		"ipset", WAY_IPSET, NULL, "iptables-legacy-restore", NULL,
		{ "iptables-legacy-save", "-c", "-t", "filter" },
		{ "ipset", "--version" },
	},
};

/* Flows are drawn from 0.0.0.0/0, but none has this pair of addresses. */
#define ADDED	"-s 203.0.113.77/32 -d 198.51.100.1/32 -p tcp -m tcp --dport 4242 -j DROP"
#define ADDED_NFT \
	"ip saddr 203.0.113.77 ip daddr 198.51.100.1 tcp dport 4242 counter drop"
#define EMPTY_NFT "add table ip filter\ndelete table ip filter\n"

const char *bench_engine_name(enum bench_engine_kind k)
{
	return engines[k].name;
}

bool bench_engine_has_rules(enum bench_engine_kind k)
{
	return engines[k].way >= WAY_RESTORE;
}

static bool ours(enum bench_engine_kind k)
{
	return engines[k].attach != NULL;
}

static void fail(struct bench_engine *e, const char *reason)
{
	e->works = false;
	snprintf(e->reason, sizeof(e->reason), "%s", reason);
}

/* Runs @c in the host; false: the engine does not work. */
static bool run(struct bench_engine *e, struct bench_command *c)
{
	int err;

	c->netns = e->host.netns;
	if (!c->program)
		c->program = engines[e->kind].program;
	err = bench_command_run(c);
	if (err)
		fail(e, bench_command_reason(c, err));
	return !err;
}

/* Preparing ---------------------------------------------------------------- */

/* Rules that could not be translated are comments in its output. */
static void translate_nft(struct bench_engine *e)
{
	struct bench_command c = {
		.arg = { "iptables-restore-translate", "-f", "/dev/stdin", NULL },
		.in = e->rs->text, .inlen = e->rs->len,
	};
	char reason[256];
	const char *bad;

	if (run(e, &c)) {
		bad = strstr(c.out, "\n# -t ");
		if (bad) {
			snprintf(reason, sizeof(reason),
				 "iptables-restore-translate cannot translate: %.*s",
				 (int)strcspn(bad + 3, "\n"), bad + 3);
			fail(e, reason);
		} else if (asprintf(&e->text, EMPTY_NFT "%s", c.out) < 0) {
			e->text = NULL;
			fail(e, strerror(ENOMEM));
		}
	}
	bench_command_free(&c);
}

static int make_nft_set(struct bench_engine *e, const struct bench_set *s)
{
	char *text = NULL;
	size_t len;
	int err;

	err = bench_set_write_nft(s, &text, &len);
	if (!err && asprintf(&e->text, EMPTY_NFT "%s", text) < 0) {
		e->text = NULL;
		err = -ENOMEM;
	}
	free(text);
	return err;
}

static void make_set(struct bench_engine *e)
{
	struct bench_set s;
	int err;

	if (bench_set_read(e->rs, &s)) {
		fail(e, "the ruleset is not one set");
		return;
	}
	err = e->kind == BENCH_NFT_SET ? make_nft_set(e, &s) :
	      bench_set_write_ipset(&s, &e->text, &e->rule);
	if (err == -EOPNOTSUPP)
		fail(e, "no type of set has these addresses and ports");
	else if (err)
		fail(e, strerror(-err));
}

/* Whether this hook of ours is exact with these rules. */
static void check_hook(struct bench_engine *e)
{
	struct be_attach attach;
	struct diag diag;
	int err;

	diag_init(&diag);
	err = be_attach_parse(strchr(engines[e->kind].attach, '=') + 1,
			      &attach, &diag);
	if (!err)
		err = be_attach_check(e->rs->table, &attach, &diag);
	if (err)
		fail(e, diag.set ? diag.msg : strerror(-err));
	diag_clear(&diag);
}

/* Where it can be known before anything is made. */
static void check(struct bench_engine *e)
{
	if (ours(e->kind))
		check_hook(e);
	else if (e->kind == BENCH_NFT_SET || e->kind == BENCH_IPSET)
		make_set(e);
	else if (e->kind == BENCH_NFTABLES)
		translate_nft(e);
	if (e->works && e->text)
		e->len = strlen(e->text);
}

void bench_engine_new(struct bench_engine *e, enum bench_engine_kind kind,
		      const struct bench_ruleset *rs)
{
	static uint32_t hosts;
	struct diag diag;

	*e = (struct bench_engine){
		.kind = kind, .rs = rs, .works = true, .prog = -1,
		.host = { .netns = -1, .through = -1, .link = -1 },
	};
	check(e);
	if (!e->works)
		return;
	diag_init(&diag);
	if (bench_host_new(rs, hosts++, &e->host, &diag))
		fail(e, diag.set ? diag.msg : "cannot make a host");
	diag_clear(&diag);
}

/* What is attached keeps a namespace alive even without descriptors. */
static void detach(struct bench_engine *e)
{
	struct bench_command c = { .arg = { CMD_XTBPF, "detach", NULL },
				   .program = SELF };

	c.netns = e->host.netns;
	bench_command_run(&c);
	bench_command_free(&c);
}

void bench_engine_free(struct bench_engine *e)
{
	if (ours(e->kind) && e->host.netns >= 0)
		detach(e);
	if (e->prog >= 0)
		close(e->prog);
	free(e->text);
	free(e->rule);
	bench_host_free(&e->host);
	e->text = e->rule = NULL;
	e->prog = -1;
}

/* Loading ------------------------------------------------------------------ */

static int enter(const struct bench_engine *e)
{
	int back = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (back >= 0 && setns(e->host.netns, CLONE_NEWNET)) {
		close(back);
		back = -1;
	}
	return back;
}

static void leave(int back)
{
	if (setns(back, CLONE_NEWNET))
		_exit(111);	/* worse than ending: the wrong namespace */
	close(back);
}

static void load_xdp(struct bench_engine *e)
{
	const struct bpf_insn insns[] = {
		insn_movi(BPF_REG_0, XDP_DROP),
		insn_exit(),
	};
	int back = enter(e), err = -EINVAL;

	if (back < 0)
		return;
	if (e->prog < 0)
		e->prog = be_load(BPF_PROG_TYPE_XDP, 0, "bench_drop", insns, 2,
				  NULL);
	if (e->prog >= 0)
		err = bpf_xdp_attach((int)e->host.in, e->prog,
				     XDP_FLAGS_DRV_MODE, NULL);
	leave(back);
	if (err)
		fail(e, "cannot attach an XDP program");
}

static void restore(struct bench_engine *e, const char *text, size_t len,
		    bool noflush, double *ms)
{
	const struct engine *eng = &engines[e->kind];
	struct bench_command c = {
		.arg = { eng->restore }, .in = text, .inlen = len,
	};
	int n = 1;

	if (eng->way == WAY_NFT) {
		c.arg[n++] = "-f";
		c.arg[n++] = "-";
	}
	if (eng->attach)
		c.arg[n++] = eng->attach;
	if (noflush && eng->way == WAY_RESTORE)
		c.arg[n++] = "-n";
	run(e, &c);
	*ms = c.ms;
	bench_command_free(&c);
}

/* The set first: the rule asks for it. */
static void load_ipset(struct bench_engine *e, double *ms)
{
	struct bench_command c = {
		.arg = { "ipset", "-exist", "restore", NULL },
		.in = e->text, .inlen = e->len,
	};

	if (run(e, &c))
		restore(e, e->rule, strlen(e->rule), false, ms);
	*ms += c.ms;
	bench_command_free(&c);
}

void bench_engine_load(struct bench_engine *e, double *ms)
{
	*ms = 0;
	if (engines[e->kind].way == WAY_XDP)
		load_xdp(e);
	else if (engines[e->kind].way == WAY_IPSET)
		load_ipset(e, ms);
	else if (e->text)
		restore(e, e->text, e->len, false, ms);
	else if (bench_engine_has_rules(e->kind))
		restore(e, e->rs->text, e->rs->len, false, ms);
}

/* nft names a rule by its handle, which it tells when one is added. */
static void change_nft(struct bench_engine *e, const char *text, double *ms)
{
	struct bench_command c = {
		.arg = { "nft", "-e", "-a", "-f", "-", NULL },
		.in = text, .inlen = strlen(text),
	};
	const char *s;

	if (run(e, &c)) {
		s = strstr(c.out, "# handle ");
		if (s)
			e->handle = strtoul(s + 9, NULL, 10);
	}
	*ms = c.ms;
	bench_command_free(&c);
}

/* An element more or less. */
static void change_set(struct bench_engine *e, bool add, double *ms)
{
	struct bench_command c = {
		.arg = { "ipset", add ? "add" : "del", "bench", NULL },
	};
	char element[128], text[256];
	struct bench_set s;

	bench_set_read(e->rs, &s);
	if (e->kind == BENCH_NFT_SET) {
		bench_set_element_nft(&s, element, sizeof(element));
		snprintf(text, sizeof(text),
			 "%s element ip filter bench { %s }\n",
			 add ? "add" : "delete", element);
		change_nft(e, text, ms);
		return;
	}
	bench_set_element_ipset(&s, element, sizeof(element));
	c.arg[3] = element;
	run(e, &c);
	*ms = c.ms;
	bench_command_free(&c);
}

void bench_engine_change(struct bench_engine *e, bool add, double *ms)
{
	const char *chain = ir_hook_name(e->rs->hook);
	char text[256];

	*ms = 0;
	if (e->kind == BENCH_NFT_SET || e->kind == BENCH_IPSET) {
		change_set(e, add, ms);
	} else if (e->kind == BENCH_NFTABLES && add) {
		snprintf(text, sizeof(text), "add rule ip filter %s %s\n",
			 chain, ADDED_NFT);
		change_nft(e, text, ms);
	} else if (e->kind == BENCH_NFTABLES) {
		snprintf(text, sizeof(text),
			 "delete rule ip filter %s handle %lu\n", chain,
			 e->handle);
		change_nft(e, text, ms);
	} else if (bench_engine_has_rules(e->kind)) {
		snprintf(text, sizeof(text), "*filter\n-%c %s %s\nCOMMIT\n",
			 add ? 'A' : 'D', chain, ADDED);
		restore(e, text, strlen(text), true, ms);
	}
}

/* Asking ------------------------------------------------------------------- */

/* "[packets:bytes] -A ..." */
static uint64_t sum_saved(const char *s)
{
	uint64_t sum = 0;

	while (s) {
		if (*s == '[')
			sum += strtoull(s + 1, NULL, 10);
		s = strchr(s, '\n');
		s = s ? s + 1 : NULL;
	}
	return sum;
}

/* "... counter packets N bytes N ..." */
static uint64_t sum_listed(const char *s)
{
	static const char key[] = "counter packets ";
	uint64_t sum = 0;

	while ((s = strstr(s, key))) {
		s += sizeof(key) - 1;
		sum += strtoull(s, NULL, 10);
	}
	return sum;
}

int bench_engine_hits(struct bench_engine *e, uint64_t *hits)
{
	const struct engine *eng = &engines[e->kind];
	struct bench_command c = { .arg = { NULL } };
	int i;

	*hits = 0;
	if (!bench_engine_has_rules(e->kind))
		return 0;
	for (i = 0; i < 4; i++)
		c.arg[i] = eng->save[i];
	if (run(e, &c))
		*hits = eng->way == WAY_NFT ? sum_listed(c.out) :
					      sum_saved(c.out);
	bench_command_free(&c);
	return e->works ? 0 : -EPROTO;
}

static int64_t memory_ours(void)
{
	struct be_status st;
	struct be_ns *ns = NULL;
	int64_t bytes = -1;
	int i;

	if (be_ns_open(&ns, false, NULL) || !ns)
		return -1;
	if (!be_ns_status(ns, AF_INET, &st, NULL)) {
		bytes = (int64_t)st.table_bytes + st.image_bytes +
			(int64_t)st.ncounters * sizeof(struct ir_counter) *
			libbpf_num_possible_cpus();
		for (i = 0; i < BE_NTYPES; i++)
			bytes += st.prog[i].used ? (int64_t)st.prog[i].jited +
				 st.prog[i].flows : 0;
		be_status_free(&st);
	}
	be_ns_close(ns);
	return bytes;
}

/* The rules, and a counter for each on each CPU. */
static int64_t memory_legacy(void)
{
	struct ipt_getinfo info = { .name = "filter" };
	socklen_t len = sizeof(info);
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	int64_t bytes = -1;

	if (fd >= 0 && !getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info,
				   &len))
		bytes = (int64_t)info.size +
			(int64_t)info.num_entries * sizeof(struct xt_counters) *
			libbpf_num_possible_cpus();
	if (fd >= 0)
		close(fd);
	return bytes;
}

/* Of the set, as ipset says. */
static int64_t memory_set(const struct bench_engine *e)
{
	static const char key[] = "Size in memory: ";
	struct bench_command c = {
		.arg = { "ipset", "list", "-t", "bench", NULL },
		.netns = e->host.netns,
	};
	int64_t bytes = -1;
	const char *s;

	if (!bench_command_run(&c)) {
		s = strstr(c.out, key);
		if (s)
			bytes = strtoll(s + sizeof(key) - 1, NULL, 10);
	}
	bench_command_free(&c);
	return bytes;
}

int64_t bench_engine_memory(const struct bench_engine *e)
{
	int64_t bytes = -1, set = 0;
	int back;

	if (!e->works || (!ours(e->kind) && e->kind != BENCH_LEGACY &&
			  e->kind != BENCH_IPSET))
		return -1;
	if (e->kind == BENCH_IPSET)
		set = memory_set(e);
	back = set < 0 ? -1 : enter(e);
	if (back < 0)
		return -1;
	bytes = ours(e->kind) ? memory_ours() : memory_legacy();
	leave(back);
	return bytes < 0 ? bytes : bytes + set;
}

void bench_engine_version(enum bench_engine_kind k, char *s, size_t len)
{
	struct bench_command c = {
		.arg = { engines[k].version[0], engines[k].version[1], NULL },
		.program = engines[k].program, .netns = -1,
	};

	*s = '\0';
	if (!c.arg[0])
		return;
	if (!bench_command_run(&c))
		snprintf(s, len, "%.*s", (int)strcspn(c.out, "\n"), c.out);
	bench_command_free(&c);
}
