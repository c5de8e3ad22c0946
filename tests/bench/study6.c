/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/bench/study6.c - the same rules in IPv4 and in IPv6
 *
 *	tests/bench/study6 [KIND:N | FILE]...
 *
 * IPv4 rules (those of `xtbpf bench`) and flows drawn from them get IPv6
 * addresses in three ways:
 *	sites	the 32 bits are 16 to 47: prefixes up to /48 of many sites
 *	hosts	24 bits are 32 to 55 in one /32, the last 8 number hosts
 *	site	16 bits number the networks of one /48, 16 the hosts of each
 *
 * What is printed: the table, what a lookup reads, and as root what a packet
 * costs in the program (xdp, by test runs of some flows, each many times, over a
 * program that does nothing).  The verdicts of all flows must be those of IPv4.
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "backend/program.h"
#include "cmd/bench/flows.h"
#include "cmd/bench/rulegen.h"
#include "cmd/bench/ruleset.h"
#include "cmd/bench/stat.h"
#include "cmd/cmd.h"
#include "frontend/xt.h"
#include "translator/walk.h"

#define NFLOWS	4096
#define NHOT	50
#define REPEAT	1000
#define ROUNDS	3
#define SEED	1
#define ETH	14

enum spread { IPV4, SITES, HOSTS, SITE, NSPREADS };

static const char *const names[NSPREADS] = {
	"IPv4", "IPv6 sites", "IPv6 hosts", "IPv6 site",
};

struct study {
	struct bench_ruleset rs;
	struct bench_flows flows;
	struct ir_table	*t;		/* IPv6 */
	struct tr_classifier *c;
	double		build_ms;
};

/* --- addresses --- */

static void embed(enum spread how, uint32_t addr, uint32_t out[4])
{
	memset(out, 0, 16);
	switch (how) {
	case SITES:
		out[0] = 0x20010000 | addr >> 16;
		out[1] = addr << 16;
		break;
	case HOSTS:
		out[0] = 0x20010db8;
		out[1] = addr & 0xffffff00;
		out[3] = addr & 0xff;
		break;
	default:
		out[0] = 0x20010db8;
		out[1] = 0x00010000 | addr >> 16;
		out[3] = addr & 0xffff;
		break;
	}
}

/* How many bits a prefix of @len bits has then. */
static uint32_t embed_length(enum spread how, uint32_t len)
{
	if (how == SITES)
		return 16 + len;
	if (how == HOSTS)
		return len <= 24 ? 32 + len : 96 + len;
	return len <= 16 ? 48 + len : 96 + len;
}

/* --- rules --- */

static enum ir_field word_of(enum ir_field f, uint32_t i)
{
	enum ir_field next = f == IR_SADDR ? IR_SADDR1 : IR_DADDR1;

	return i ? (enum ir_field)(next + i - 1) : f;
}

static int add_prefix(struct study *s, struct ir_rule *r, enum spread how,
		      const struct ir_term *term)
{
	uint32_t len = term->mask ? 32 - (uint32_t)__builtin_ctz(term->mask) : 0;
	uint32_t word[4], bits, mask, i;
	int err = 0;

	embed(how, term->lo, word);
	len = len ? embed_length(how, len) : 0;
	for (i = 0; i < 4 && i * 32 < len && !err; i++) {
		bits = len - i * 32;
		mask = bits >= 32 ? UINT32_MAX : UINT32_MAX << (32 - bits);
		err = ir_rule_add_masked(s->t, r, word_of(term->field, i), mask,
					 word[i] & mask, false);
	}
	return err;
}

/* Addresses first, the protocol in a match of its own, then the rest. */
static int add_preds(struct study *s, struct ir_rule *r, enum spread how,
		     const struct ir_match *m, bool addresses)
{
	const struct ir_pred *p;
	struct ir_term icmp;
	struct ir_pred copy;
	int err = 0;
	bool addr;
	uint32_t i;

	for (i = 0; i < m->npreds && !err; i++) {
		p = &m->pred[i];
		addr = p->kind == IR_PRED_TERMS && p->nterms == 1 &&
		       p->term->field <= IR_DADDR;
		if (addr != addresses)
			continue;
		if (addr) {
			err = add_prefix(s, r, how, p->term);
			continue;
		}
		copy = *p;
		if (p->kind == IR_PRED_TERMS && p->nterms == 1 &&
		    p->term->field == IR_PROTO && p->term->lo == IPPROTO_ICMP) {
			icmp = *p->term;
			icmp.lo = icmp.hi = IPPROTO_ICMPV6;
			copy.term = &icmp;
		}
		err = ir_rule_add_pred(s->t, r, &copy);
	}
	return err;
}

static int add_rule(struct study *s, enum spread how, const struct ir_rule *from)
{
	struct ir_rule *r = ir_rule_new(s->t);
	uint32_t i;
	int err;

	if (!r)
		return -ENOMEM;
	if (from->to)
		return -EINVAL;
	r->target = from->target;
	err = add_preds(s, r, how, &from->match[0], true);
	for (i = 0; i < from->nmatches && !err; i++) {
		if (!ir_rule_add_match(s->t, r, i ? from->match[i].need :
				       IR_NEED_PROTO))
			return -ENOMEM;
		err = add_preds(s, r, how, &from->match[i], false);
	}
	if (err)
		return err;
	return ir_chain_insert(s->t, ir_table_base(s->t, s->rs.hook),
			       UINT32_MAX, r);
}

static int make_table(struct study *s, enum spread how)
{
	uint32_t i;
	int err = 0;

	ir_table_free(s->t);
	s->t = ir_table_new(AF_INET6, "filter");
	if (!s->t)
		return -ENOMEM;
	for (i = 0; i < s->rs.chain->nrules && !err; i++)
		err = add_rule(s, how, s->rs.chain->rule[i]);
	ir_table_base(s->t, s->rs.hook)->policy = s->rs.chain->policy;
	ir_table_number(s->t);
	return err;
}

/* --- packets --- */

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* The frame of a flow, and the packet as the chain sees it; its length. */
static uint32_t make_frame(const struct study *s, enum spread how,
			   const struct bench_flow *f, uint8_t *frame,
			   struct ir_packet *p)
{
	uint8_t *ip = frame + ETH;
	uint32_t word[4], i, k;

	memset(frame, 0, ETH + 80);
	if (how == IPV4) {
		frame[12] = 8;
		memcpy(ip, f->header, 40);
		ip[2] = 0;
		ip[3] = 40;
		bench_flow_packet(&s->rs, f, p);
		return ETH + 40;
	}
	frame[12] = 0x86;
	frame[13] = 0xdd;
	ip[0] = 0x60;
	ip[5] = 20;
	ip[6] = f->header[9] == IPPROTO_ICMP ? IPPROTO_ICMPV6 : f->header[9];
	ip[7] = f->header[8];
	for (k = 0; k < 2; k++) {
		embed(how, get32(f->header + 12 + 4 * k), word);
		for (i = 0; i < 4; i++)
			put32(ip + 8 + 16 * k + 4 * i, word[i]);
	}
	memcpy(ip + 40, f->header + 20, 20);
	ir_packet_parse6(p, ip, 60);
	ir_packet_set_iif(p, s->rs.iif);
	ir_packet_set_oif(p, s->rs.oif);
	return ETH + 60;
}

/* --- measuring --- */

static int open_test(const struct study *s)
{
	const struct be_test_input in = {
		.hook = s->rs.hook, .ctstate = 1,
		.iif = tr_iface_class(s->c, s->rs.iif),
		.oif = tr_iface_class(s->c, s->rs.oif),
	};
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_input", 4, sizeof(in),
				1, NULL);

	if (fd >= 0)
		bpf_map_update_elem(fd, &(uint32_t){ 0 }, &in, 0);
	return fd;
}

/* A loaded program; -1: none, as without privilege. */
static int open_program(const struct study *s, struct diag *diag)
{
	struct be_program_opts o = {
		.type = BE_XDP, .hooks = 1u << s->rs.hook, .ifindex_fd = -1,
		.flows = BE_FLOWS_NEVER,
	};
	int prog = -1;

	if (geteuid())
		return -1;
	o.table_fd = be_table_create(s->c, diag);
	o.counter_fd = be_counter_create(s->c->ncounters, diag);
	o.test_fd = open_test(s);
	if (o.table_fd >= 0 && o.counter_fd >= 0 && o.test_fd >= 0)
		prog = be_program_load(s->c, &o, NULL, diag);
	close(o.table_fd);
	close(o.counter_fd);
	close(o.test_fd);
	return prog;
}

static double time_run(int prog, uint8_t *frame, uint32_t len)
{
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame,
		    .data_size_in = len, .repeat = REPEAT);

	return bpf_prog_test_run_opts(prog, &o) ? -1e9 : o.duration;
}

/* The least of some rounds: what else runs here only makes it more. */
static double least(int prog, uint8_t *frame, uint32_t len)
{
	double ns, best = 1e9;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		ns = time_run(prog, frame, len);
		best = ns < best ? ns : best;
	}
	return best;
}

/* ns over a program that does nothing; 0: without privilege. */
static double time_program(const struct study *s, enum spread how)
{
	uint8_t frame[ETH + 80];
	struct ir_packet p;
	struct diag diag;
	uint32_t len = 0;
	int pass, prog, i;
	double ns = 0;

	diag_init(&diag);
	prog = open_program(s, &diag);
	pass = be_program_load_pass(BE_XDP, NULL);
	for (i = 0; i < NHOT && prog >= 0; i++) {
		len = make_frame(s, how, &s->flows.v[(uint32_t)i *
				 s->flows.n / NHOT], frame, &p);
		ns += least(prog, frame, len) / NHOT;
	}
	if (prog >= 0) {
		ns -= least(pass, frame, len);
		close(prog);
	}
	if (pass >= 0)
		close(pass);
	diag_clear(&diag);
	return ns;
}

static uint32_t hashed(const struct study *s)
{
	const struct tr_segment *seg = (const void *)(s->c->word +
		s->c->hook[s->rs.hook].segment / 4);
	const struct tr_group *g = (const void *)(s->c->word + seg->groups / 4);
	uint32_t n = 0;

	for (; g->min0 != UINT32_MAX; g++)
		n += g->mul != 0;
	return n;
}

static int print(const struct study *s, enum spread how)
{
	struct tr_visits v = { 0 };
	uint8_t frame[ETH + 80];
	struct ir_packet p;
	uint32_t i, wrong = 0;
	double n = s->flows.n;

	for (i = 0; i < s->flows.n; i++) {
		make_frame(s, how, &s->flows.v[i], frame, &p);
		wrong += (tr_walk_visits(s->c, s->rs.hook, &p, NULL, &v) ==
			  IR_ACCEPT) != s->flows.v[i].accept;
	}
	printf("%-12s %-11s %6u %6.0f %6u %6.2f %6.2f %6.2f %6.2f %7.1f\n",
	       s->rs.name, names[how], s->c->size >> 10, s->build_ms, hashed(s),
	       (double)v.groups / n, (double)v.slots / n, (double)v.nodes / n,
	       (double)v.records / n, time_program(s, how));
	return wrong ? -EILSEQ : 0;
}

static int study_one(struct study *s, enum spread how, struct diag *diag)
{
	struct ir_table *t = s->rs.table;
	double start;
	int err = 0;

	if (how != IPV4) {
		err = make_table(s, how);
		t = s->t;
	}
	if (err)
		return err;
	start = bench_clock_cpu();
	tr_classifier_free(s->c);
	s->c = tr_translate(t, NULL, diag);
	s->build_ms = bench_clock_cpu() - start;
	return s->c ? print(s, how) : -errno;
}

static int study(const char *name, FILE *in)
{
	const struct bench_flows_opts opts = { .n = NFLOWS, .seed = SEED };
	struct study s = { .t = NULL };
	struct diag diag;
	int how, err;

	diag_init(&diag);
	err = bench_ruleset_read(&s.rs, name, in, &diag);
	if (!err)
		err = bench_flows_draw(&s.rs, &opts, &s.flows);
	for (how = 0; how < NSPREADS && !err; how++)
		err = study_one(&s, (enum spread)how, &diag);
	if (err)
		fprintf(stderr, "study6: %s: %s\n", name,
			diag.set ? diag.msg : strerror(-err));
	bench_flows_free(&s.flows);
	tr_classifier_free(s.c);
	ir_table_free(s.t);
	bench_ruleset_free(&s.rs);
	diag_clear(&diag);
	return err;
}

static int study_any(char *arg)
{
	char *colon = strchr(arg, ':');
	FILE *f = colon ? tmpfile() : fopen(arg, "re");
	int err = 0;

	if (!f) {
		perror(arg);
		return -ENOENT;
	}
	if (colon) {
		*colon = '\0';
		err = bench_rulegen_write(f, arg, (uint32_t)atoi(colon + 1),
					  SEED);
		rewind(f);
	}
	if (!err)
		err = study(strrchr(arg, '/') ? strrchr(arg, '/') + 1 : arg, f);
	fclose(f);
	return err;
}

int main(int argc, char **argv)
{
	char acl[] = "acl:10000", fw[] = "fw:10000", ipc[] = "ipc:10000";
	char *const usual[] = { acl, fw, ipc };
	int i, err = 0;

	if (fe_xt_init(AF_INET, CMD_RESTORE))
		return 1;
	puts("rules        addresses      KiB     ms hashed groups  slots  nodes records     ns");
	for (i = 1; i < argc && !err; i++)
		err = study_any(argv[i]);
	for (i = 0; argc == 1 && i < 3 && !err; i++)
		err = study_any(usual[i]);
	return err ? 1 : 0;
}
