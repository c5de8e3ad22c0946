/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd/bench/rulegen.c - rulesets of any size, made up
 *
 * What makes a classifier's life hard in the ClassBench sets is kept: few
 * networks that most rules share, prefixes inside prefixes, sources and
 * destinations that are wild independently of each other, a few port ranges
 * beside many exact ports.  Rules that ask for more come first, roughly, as
 * they must to be of use.
 */
#include "cmd/bench/rulegen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/bench/flows.h"
#include "ir/rng.h"

const char *const bench_rulegen_kinds[] = {
	"grid", "linear", "blocklist", "acl", "fw", "ipc", "wild", "prefixes",
	"ranges", NULL
};

struct quad {
	char		s[16];
};

static struct quad quad(uint32_t a)
{
	struct quad q;

	snprintf(q.s, sizeof(q.s), "%u.%u.%u.%u", a >> 24, a >> 16 & 255,
		 a >> 8 & 255, a & 255);
	return q;
}

/* Plain shapes ------------------------------------------------------------ */

static void write_grid(FILE *out, uint32_t n)
{
	uint32_t side = 1, i, a, b, c, d;

	while ((uint64_t)side * side * side * side < n)
		side++;
	for (i = 0; i < n; i++) {
		d = i % side;
		c = i / side % side;
		b = i / side / side % side;
		a = i / side / side / side;
		fprintf(out, "-A FORWARD -s %s/32 -d %s/32 -p udp -m udp --sport %u --dport %u -j ACCEPT\n",
			quad(0xc0a80002 + a).s, quad(0xc0a90002 + b).s,
			10100 + c, 8080 + d);
	}
}

static void write_linear(FILE *out, uint32_t n)
{
	uint32_t i;

	for (i = 1; i < n; i++)
		fprintf(out, "-A FORWARD -s %s/32 -p tcp -m tcp --dport 7000 -j DROP\n",
			quad(0xac100000 + i).s);
	if (n)
		fputs("-A FORWARD -d 10.2.0.2/32 -p tcp -m tcp --dport 7000 -j DROP\n",
		      out);
}

/* Odd multiples of a number are all different: each address comes once. */
static void write_blocklist(FILE *out, uint32_t n, uint64_t seed)
{
	struct rng r = { .state = seed };
	uint32_t a = rng_u32(&r), i = 0;

	while (i < n) {
		a += 0x9e3779b1;
		if (a >> 24 == 0 || a >> 24 == 127 || a >> 24 >= 224)
			continue;
		fprintf(out, "-A FORWARD -s %s/32 -j DROP\n", quad(a).s);
		i++;
	}
}

/* Hostile ones ------------------------------------------------------------ */

/* Every other rule is wild in the source, those between in the destination. */
static void write_wild(FILE *out, uint32_t n, uint64_t seed)
{
	struct rng r = { .state = seed };
	uint32_t i;

	for (i = 0; i < n; i++)
		fprintf(out, "-A FORWARD -%c %s/32 -p tcp -m tcp --dport %u -j DROP\n",
			i % 2 ? 's' : 'd', quad(rng_u32(&r)).s,
			rng_below(&r, 65536));
}

/* Pairs of all lengths; the longest first, else the short hide the rest. */
static void write_prefixes(FILE *out, uint32_t n, uint64_t seed)
{
	struct rng r = { .state = seed };
	uint32_t i, sum, src, dst;

	for (i = 0; i < n; i++) {
		sum = 64 - (uint32_t)((uint64_t)i * 63 / n);
		src = sum > 32 ? rng_range(&r, sum - 32, 32) :
				 rng_range(&r, 0, sum);
		dst = sum - src;
		fprintf(out, "-A FORWARD -s %s/%u -d %s/%u -j DROP\n",
			quad(rng_u32(&r)).s, src, quad(rng_u32(&r)).s, dst);
	}
}

struct range {
	uint32_t	lo;
	uint32_t	hi;
};

static struct range any_range(struct rng *r, uint32_t max)
{
	uint32_t a = rng_range(r, 0, max), b = rng_range(r, 0, max);

	return a < b ? (struct range){ a, b } : (struct range){ b, a };
}

/*
 * Ranges of five fields, each of which begins and ends anywhere; but the lengths
 * begin where those of the packets sent are.
 */
static void write_ranges(FILE *out, uint32_t n, uint64_t seed)
{
	struct rng r = { .state = seed };
	struct range s, d, sp, dp, len;
	uint32_t i;

	for (i = 0; i < n; i++) {
		s = any_range(&r, UINT32_MAX);
		d = any_range(&r, UINT32_MAX);
		sp = any_range(&r, 65535);
		dp = any_range(&r, 65535);
		len.lo = rng_range(&r, 0, BENCH_LEN_MAX);
		len.hi = rng_range(&r, len.lo, 65535);
		fprintf(out, "-A FORWARD -p udp -m udp --sport %u:%u --dport %u:%u",
			sp.lo, sp.hi, dp.lo, dp.hi);
		fprintf(out, " -m iprange --src-range %s-%s",
			quad(s.lo).s, quad(s.hi).s);
		fprintf(out, " --dst-range %s-%s", quad(d.lo).s, quad(d.hi).s);
		fprintf(out, " -m length --length %u:%u -j DROP\n", len.lo,
			len.hi);
	}
}

/* As ClassBench ----------------------------------------------------------- */

/* In percent; what is missing to 100 in an address is a long prefix. */
struct flavour {
	const char	*kind;
	uint32_t	src_wild;
	uint32_t	dst_wild;
	uint32_t	exact;		/* of prefixes: whole addresses */
	uint32_t	sport;		/* rules that ask for it */
	uint32_t	dport_wild;
	uint32_t	dport_range;
};

static const struct flavour flavours[] = {
	{ "acl", 2, 1, 45, 0, 20, 12 },
	{ "fw", 35, 25, 35, 12, 30, 6 },
	{ "ipc", 12, 10, 45, 15, 35, 10 },
};

struct prefix {
	uint32_t	addr;
	uint32_t	len;
};

struct rule {
	struct prefix	src, dst;
	uint16_t	sport[2], dport[2];
	uint8_t		proto;		/* 0: any */
	bool		drop;
	uint32_t	rank;
};

static bool percent(struct rng *r, uint32_t chance)
{
	return rng_below(r, 100) < chance;
}

struct networks {
	struct prefix	*v;
	uint32_t	n;
};

static const uint16_t services[] = {
	80, 443, 22, 25, 53, 21, 110, 143, 123, 161, 389, 445, 139, 135, 1521,
	3306, 5432, 8080, 1433, 993, 995, 23, 514, 1720, 5060, 6667, 2049, 111,
	179, 500,
};

static const uint16_t ranges[][2] = {
	{ 1024, 65535 }, { 0, 1023 }, { 6000, 6063 }, { 137, 139 },
	{ 20, 21 }, { 33434, 33600 }, { 5000, 5010 }, { 1025, 5000 },
	{ 161, 162 }, { 6881, 6999 },
};

static uint32_t net_mask(uint32_t len)
{
	return len ? UINT32_MAX << (32 - len) : 0;
}

static uint32_t unicast(struct rng *r)
{
	uint32_t a;

	do {
		a = rng_u32(r);
	} while (a >> 24 == 0 || a >> 24 == 127 || a >> 24 >= 224);
	return a;
}

/* Each network is inside one that was there before, most of them. */
static int make_networks(struct rng *r, struct networks *nets,
			 uint32_t nrules)
{
	struct prefix *p, *outer;
	uint32_t i;

	nets->n = 8 + nrules / 12;
	nets->v = calloc(nets->n, sizeof(*nets->v));
	if (!nets->v)
		return -ENOMEM;
	for (i = 0; i < nets->n; i++) {
		p = &nets->v[i];
		p->len = 8 + rng_below(r, 9);
		p->addr = unicast(r);
		if (i >= 4 && !percent(r, 6)) {
			outer = &nets->v[rng_below(r, i)];
			p->len = outer->len + 1 + rng_below(r, 6);
			if (p->len > 29)
				p->len = 29;
			p->addr = outer->addr |
				  (p->addr & ~net_mask(outer->len));
		}
		p->addr &= net_mask(p->len);
	}
	return 0;
}

/* A few networks are in many rules: the smaller of two draws. */
static struct prefix pick_prefix(struct rng *r,
				 const struct networks *nets, uint32_t wild,
				 uint32_t exact)
{
	uint32_t a = rng_below(r, nets->n);
	uint32_t b = rng_below(r, nets->n);
	struct prefix p = nets->v[a < b ? a : b];

	if (percent(r, wild))
		return (struct prefix){ 0, 0 };
	if (percent(r, exact)) {
		p.addr |= rng_u32(r) & ~net_mask(p.len);
		p.len = 32;
	}
	return p;
}

static void pick_ports(struct rng *r, uint16_t port[2],
		       uint32_t range)
{
	uint32_t k;

	if (percent(r, range)) {
		k = rng_below(r, sizeof(ranges) / sizeof(*ranges));
		port[0] = ranges[k][0];
		port[1] = ranges[k][1];
	} else if (percent(r, 70)) {
		k = rng_below(r, sizeof(services) / sizeof(*services));
		port[0] = port[1] = services[k];
	} else {
		port[0] = port[1] = (uint16_t)rng_range(r, 1, 65535);
	}
}

static void make_rule(struct rng *r, const struct flavour *fl,
		      const struct networks *src, const struct networks *dst,
		      struct rule *rule)
{
	uint32_t p = rng_below(r, 100);

	memset(rule, 0, sizeof(*rule));
	do {
		rule->src = pick_prefix(r, src, fl->src_wild, fl->exact);
		rule->dst = pick_prefix(r, dst, fl->dst_wild, fl->exact);
	} while (!rule->src.len && !rule->dst.len);
	rule->proto = p < 68 ? 6 : p < 90 ? 17 : p < 95 ? 1 : 0;
	rule->sport[1] = rule->dport[1] = 65535;
	if (rule->proto == 6 || rule->proto == 17) {
		if (percent(r, fl->sport))
			pick_ports(r, rule->sport, 40);
		if (!percent(r, fl->dport_wild))
			pick_ports(r, rule->dport, fl->dport_range);
	}
	rule->drop = percent(r, 50);
	rule->rank = rule->src.len + rule->dst.len +
		     (rule->dport[0] == rule->dport[1] ? 8 : 0) +
		     rng_below(r, 24);
}

static int by_rank(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	return (x->rank < y->rank) - (x->rank > y->rank);
}

static void write_ports(FILE *out, const char *option, const uint16_t port[2])
{
	if (port[0] == port[1])
		fprintf(out, " %s %u", option, port[0]);
	else if (port[0] || port[1] != 65535)
		fprintf(out, " %s %u:%u", option, port[0], port[1]);
}

static void write_rule(FILE *out, const struct rule *r)
{
	static const char *const names[] = { [1] = "icmp", [6] = "tcp",
					     [17] = "udp" };

	fputs("-A FORWARD", out);
	if (r->src.len)
		fprintf(out, " -s %s/%u", quad(r->src.addr).s, r->src.len);
	if (r->dst.len)
		fprintf(out, " -d %s/%u", quad(r->dst.addr).s, r->dst.len);
	if (r->proto)
		fprintf(out, " -p %s", names[r->proto]);
	if (r->sport[0] || r->sport[1] != 65535 || r->dport[0] ||
	    r->dport[1] != 65535)
		fprintf(out, " -m %s", names[r->proto]);
	write_ports(out, "--sport", r->sport);
	write_ports(out, "--dport", r->dport);
	fprintf(out, " -j %s\n", r->drop ? "DROP" : "ACCEPT");
}

static int write_classes(FILE *out, const struct flavour *fl, uint32_t n,
			 uint64_t seed)
{
	struct networks src = { NULL, 0 }, dst = { NULL, 0 };
	struct rule *rule = calloc(n + 1, sizeof(*rule));
	struct rng r = { .state = seed };
	uint32_t i;
	int err = -ENOMEM;

	if (!rule || make_networks(&r, &src, n) || make_networks(&r, &dst, n))
		goto out;
	for (i = 0; i < n; i++)
		make_rule(&r, fl, &src, &dst, &rule[i]);
	qsort(rule, n, sizeof(*rule), by_rank);
	for (i = 0; i < n; i++)
		write_rule(out, &rule[i]);
	err = 0;
out:
	free(src.v);
	free(dst.v);
	free(rule);
	return err;
}

static const struct flavour *find_flavour(const char *kind)
{
	uint32_t i;

	for (i = 0; i < sizeof(flavours) / sizeof(*flavours); i++)
		if (!strcmp(kind, flavours[i].kind))
			return &flavours[i];
	return NULL;
}

int bench_rulegen_write(FILE *out, const char *kind, uint32_t n,
			uint64_t seed)
{
	const struct flavour *fl = find_flavour(kind);
	bool grid = !strcmp(kind, "grid");
	int err = 0;

	fprintf(out, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD %s [0:0]\n:OUTPUT ACCEPT [0:0]\n",
		grid ? "DROP" : "ACCEPT");
	if (grid)
		write_grid(out, n);
	else if (!strcmp(kind, "linear"))
		write_linear(out, n);
	else if (!strcmp(kind, "blocklist"))
		write_blocklist(out, n, seed);
	else if (!strcmp(kind, "wild"))
		write_wild(out, n, seed);
	else if (!strcmp(kind, "prefixes"))
		write_prefixes(out, n, seed);
	else if (!strcmp(kind, "ranges"))
		write_ranges(out, n, seed);
	else if (fl)
		err = write_classes(out, fl, n, seed);
	else
		err = -EINVAL;
	fputs("COMMIT\n", out);
	return err ? err : ferror(out) ? -EIO : 0;
}
