/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/unit/rules.c - made-up rules and packets */
#include "tests/unit/rules.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static uint64_t state = 88172645463325252ull;

void rnd_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15ull | 1;
}

uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

struct ir_rule *add_rule(struct ir_table *t, struct ir_chain *c,
			 enum ir_target target, struct ir_chain *to)
{
	struct ir_rule *r = ir_rule_new(t);

	ck_assert_ptr_nonnull(r);
	r->target = target;
	r->to = to;
	ck_assert_int_eq(ir_chain_insert(t, c, UINT32_MAX, r), 0);
	return r;
}

void add_prefix(struct ir_table *t, struct ir_rule *r, enum ir_field f,
		uint32_t addr, uint32_t len)
{
	uint32_t mask = len ? UINT32_MAX << (32 - len) : 0;

	ck_assert_int_eq(ir_rule_add_masked(t, r, f, mask, addr & mask, false),
			 0);
}

enum ir_field addr_word(enum ir_field f, int i)
{
	enum ir_field next = f == IR_SADDR ? IR_SADDR1 : IR_DADDR1;

	return i ? (enum ir_field)(next + i - 1) : f;
}

/* The part of a prefix that is in word @i. */
static uint32_t prefix_mask(uint32_t len, int i)
{
	uint32_t bits = (uint32_t)i * 32;

	if (len <= bits)
		return 0;
	return len - bits >= 32 ? UINT32_MAX : UINT32_MAX << (32 - (len - bits));
}

void add_prefix6(struct ir_table *t, struct ir_rule *r, enum ir_field f,
		 const uint32_t word[4], uint32_t len)
{
	uint32_t mask;
	int i;

	for (i = 0; i < 4; i++) {
		mask = prefix_mask(len, i);
		if (mask)
			ck_assert_int_eq(ir_rule_add_masked(t, r,
				addr_word(f, i), mask, word[i] & mask, false),
				0);
	}
}

void add_iface(struct ir_table *t, struct ir_rule *r, enum ir_field f,
	       const char *pattern, bool negate)
{
	struct ir_pred p = { .kind = IR_PRED_IFACE, .negate = negate };
	size_t len = strlen(pattern);

	p.iface.field = f;
	if (len && pattern[len - 1] == '+')
		len--;
	else
		p.iface.len = 1;	/* the NUL */
	memcpy(p.iface.name, pattern, len);
	p.iface.len += len;
	ck_assert_int_eq(ir_rule_add_pred(t, r, &p), 0);
}

/* --- pools --- */

static const char *const patterns[] = {
	"eth0", "eth1", "eth+", "eth1+", "ppp0", "+", "lo", "wlan", "wlan0",
	"verylongname15c", "verylongname15+", "\xff+",
};

static const char *const names[] = {
	"", "eth0", "eth1", "eth", "eth10", "eth2", "ppp0", "ppp", "lo", "l",
	"wlan0", "wlan", "verylongname15c", "verylongname15d", "zzz",
	"\xff\xff",
};

static uint32_t any_addr(void)
{
	static const uint32_t nets[] = {
		0x0a000000, 0x0a010000, 0x0a010200, 0xc0a80000, 0xc0a80180,
		0x7f000000, 0xffffff00, 0x00000000,
	};

	return nets[rnd(8)] + rnd(rnd(2) ? 4 : 300);
}

/* Word @i of an IPv6 address: few of each, so that networks have hosts. */
static uint32_t any_word(int i)
{
	static const uint32_t first[] = {
		0x20010db8, 0x20010db8, 0x2a000001, 0x2a000002, 0xfe800000,
		0xff020000, 0, 0xffffffff,
	};
	static const uint32_t other[] = {
		0, 1, 0x00010000, 0x00010001, 0x0250ffff, 0xfffe0001, 0xffffffff,
		0x80000000,
	};

	if (!rnd(12))
		return rnd(UINT32_MAX);
	return i ? other[rnd(8)] + (i == 3 ? rnd(3) : 0) : first[rnd(8)];
}

static bool is_v6(const struct ir_table *t)
{
	return ir_table_family(t) == AF_INET6;
}

static uint32_t any_port(void)
{
	static const uint16_t ports[] = {
		0, 1, 22, 53, 80, 443, 1023, 1024, 8080, 65534, 65535,
	};

	return rnd(4) ? ports[rnd(11)] : rnd(65536);
}

static uint32_t any_value(enum ir_field f)
{
	static const uint8_t protos[] = {
		1, 6, 17, 0, 255, 47, 58, 59, 50, 135,
	};

	switch (f) {
	case IR_SADDR:
	case IR_DADDR:
		return any_addr();
	case IR_SPORT:
	case IR_DPORT:
		return any_port();
	case IR_PROTO:
		return protos[rnd(10)];
	case IR_CTSTATE:
		return 1u << rnd(7);
	case IR_LEN:
		return 20 + rnd(1500);
	case IR_ICMP:
		return rnd(20) << 8 | rnd(3);
	case IR_SADDR1:
	case IR_SADDR2:
	case IR_SADDR3:
		return any_word(1 + (int)(f - IR_SADDR1));
	case IR_DADDR1:
	case IR_DADDR2:
	case IR_DADDR3:
		return any_word(1 + (int)(f - IR_DADDR1));
	case IR_EXT:
		return rnd(32) | rnd(32) << 8;
	case IR_HEADERS:
		return rnd(9) ? rnd(256) : IR_HEADERS_FAIL;
	case IR_OPTLEN:
		return rnd(4) << 8 | rnd(4);
	case IR_RT:
	case IR_FRAG:
	case IR_AH:
		return rnd(4) << 16 | rnd(4) << 8 | rnd(5);
	case IR_FRAGID:
	case IR_AHSPI:
	case IR_ESPSPI:
		return rnd(4) << 30 | rnd(3);
	default:
		return rnd(256);
	}
}

/* --- matches --- */

static void add_terms(struct ir_table *t, struct ir_rule *r,
		      struct ir_term *term, uint32_t n, bool negate)
{
	struct ir_pred p = { .kind = IR_PRED_TERMS, .negate = negate };

	p.term = term;
	p.nterms = n;
	ck_assert_int_eq(ir_rule_add_pred(t, r, &p), 0);
}

static void add_range(struct ir_table *t, struct ir_rule *r, enum ir_field f,
		      bool negate)
{
	uint32_t a = any_value(f), b = rnd(2) ? a : any_value(f);

	ck_assert_int_eq(ir_rule_add_range(t, r, f, a < b ? a : b,
					   a < b ? b : a, negate), 0);
}

/* Not that prefix: some word is below or above. */
static void add_outside(struct ir_table *t, struct ir_rule *r, enum ir_field f,
			const uint32_t word[4], uint32_t len)
{
	struct ir_term term[8];
	uint32_t n = 0, mask, v;
	int i;

	for (i = 0; i < 4; i++) {
		mask = prefix_mask(len, i);
		v = word[i] & mask;
		if (mask && v)
			term[n++] = (struct ir_term){ addr_word(f, i), mask, 0,
						      v - 1 };
		if (mask && v < UINT32_MAX)
			term[n++] = (struct ir_term){ addr_word(f, i), mask,
						      v + 1, UINT32_MAX };
	}
	add_terms(t, r, term, n, false);
}

static void add_address6(struct ir_table *t, struct ir_rule *r)
{
	static const uint8_t len[] = { 16, 29, 32, 48, 56, 64, 96, 128, 128, 7 };
	uint32_t word[4] = { any_word(0), any_word(1), any_word(2), any_word(3) };
	enum ir_field f = rnd(2) ? IR_SADDR : IR_DADDR;
	uint32_t i = rnd(4), mask;

	if (!rnd(6)) {
		add_outside(t, r, f, word, len[rnd(10)]);
		return;
	}
	if (rnd(6)) {
		add_prefix6(t, r, f, word, len[rnd(10)]);
		return;
	}
	mask = rnd(2) ? 0xff00ffff : UINT32_MAX;
	ck_assert_int_eq(ir_rule_add_masked(t, r, addr_word(f, (int)i), mask,
					    word[i] & mask, !rnd(3)), 0);
	if (rnd(2))
		add_range(t, r, addr_word(f, (int)rnd(4)), !rnd(3));
}

static void add_address4(struct ir_table *t, struct ir_rule *r)
{
	enum ir_field f = rnd(2) ? IR_SADDR : IR_DADDR;
	uint32_t mask = UINT32_MAX << rnd(25), value;

	if (rnd(6) == 0)
		mask = 0xff0000ff;
	if (rnd(6) == 0) {
		add_range(t, r, f, !rnd(3));
		return;
	}
	value = any_addr() & mask;
	if (rnd(50) == 0)
		value = any_addr();	/* may never hold */
	ck_assert_int_eq(ir_rule_add_masked(t, r, f, mask, value, !rnd(6)), 0);
}

static void add_ports(struct ir_table *t, struct ir_rule *r)
{
	struct ir_term term[15];
	uint32_t n = 1 + rnd(15), i, a, b;
	enum ir_field f = rnd(2) ? IR_SPORT : IR_DPORT;
	bool both = !rnd(4);

	for (i = 0; i < n; i++) {
		a = any_port();
		b = rnd(3) ? a : any_port();
		term[i] = (struct ir_term){ f, UINT32_MAX, a < b ? a : b,
					    a < b ? b : a };
		if (both && i % 2)
			term[i].field = IR_SPORT + IR_DPORT - f;
	}
	add_terms(t, r, term, n, !rnd(4));
}

static void add_states(struct ir_table *t, struct ir_rule *r)
{
	uint32_t set = 1 + rnd(127);

	add_terms(t, r, &(struct ir_term){ IR_CTSTATE, set, 1, UINT32_MAX }, 1,
		  !rnd(3));
}

static void add_tcpopt(struct ir_table *t, struct ir_rule *r)
{
	struct ir_pred p = { .kind = IR_PRED_TCPOPT, .negate = rnd(2) };

	p.tcpopt = 1 + rnd(5);
	ck_assert_int_eq(ir_rule_add_pred(t, r, &p), 0);
}

static void add_flags(struct ir_table *t, struct ir_rule *r)
{
	uint32_t mask = rnd(64), value = rnd(64) & mask;

	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_TCPFLAGS, mask, value,
					    rnd(2)), 0);
}

/* Terms as no match makes them: odd masks, several fields, none at all. */
static void add_strange(struct ir_table *t, struct ir_rule *r)
{
	struct ir_term term[3];
	uint32_t n = rnd(4), i, a, b;

	for (i = 0; i < n; i++) {
		enum ir_field f = rnd(IR_TCPOPT);

		if (is_v6(t) && !rnd(3))
			f = IR_SADDR1 + rnd(IR_NFIELDS - IR_SADDR1);
		if (f == IR_IIF || f == IR_OIF)
			f = IR_KIND;
		a = any_value(f);
		b = any_value(f);
		term[i] = (struct ir_term){ f, rnd(2) ? UINT32_MAX : rnd(256),
					    rnd(4) && a > b ? b : a,
					    a > b ? a : b };
	}
	add_terms(t, r, term, n, rnd(2));
}

/* A "-f", or any set of kinds. */
static void add_kinds(struct ir_table *t, struct ir_rule *r)
{
	uint32_t set = rnd(3) ? IR_KINDS_FRAG : rnd(IR_KINDS_ALL + 1);

	add_terms(t, r, &(struct ir_term){ IR_KIND, set, 1, UINT32_MAX }, 1,
		  !rnd(3));
}

static void match(struct ir_table *t, struct ir_rule *r, enum ir_need need)
{
	ck_assert_ptr_nonnull(ir_rule_add_match(t, r, need));
}

static void add_address(struct ir_table *t, struct ir_rule *r)
{
	if (is_v6(t))
		add_address6(t, r);
	else
		add_address4(t, r);
}

static void add_proto(struct ir_table *t, struct ir_rule *r, bool negate)
{
	if (is_v6(t))
		match(t, r, IR_NEED_PROTO);
	add_range(t, r, IR_PROTO, negate);
}

static void add_tcp(struct ir_table *t, struct ir_rule *r)
{
	add_proto(t, r, false);
	match(t, r, IR_NEED_TCP);
	if (rnd(2))
		add_range(t, r, rnd(2) ? IR_SPORT : IR_DPORT, !rnd(5));
	if (rnd(2))
		add_flags(t, r);
	if (!rnd(3)) {
		match(t, r, IR_NEED_TCPOPT);
		add_tcpopt(t, r);
	}
}

/* One of the matches of IPv6 headers. */
static void add_header(struct ir_table *t, struct ir_rule *r)
{
	static const enum ir_field values[] = {
		IR_FRAG, IR_FRAGID, IR_RT, IR_OPTLEN, IR_AH, IR_AHSPI,
	};
	uint32_t bit = 1u << rnd(IR_NEXTS), bad = bit * IR_EXT_BAD, how = rnd(5);

	if (how == 0) {
		match(t, r, IR_NEED_NOTHING);
		ck_assert_int_eq(ir_rule_add_masked(t, r, IR_HEADERS,
			rnd(512), rnd(2) ? 0 : 0x80, rnd(2)), 0);
		return;
	}
	if (how == 1) {
		match(t, r, rnd(2) ? IR_NEED_ESP : IR_NEED_MH);
		add_range(t, r, rnd(2) ? IR_ESPSPI : IR_ICMP, !rnd(3));
		return;
	}
	match(t, r, IR_NEED_GUARD);
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_EXT, bad, bad, false), 0);
	match(t, r, IR_NEED_NOTHING);
	ck_assert_int_eq(ir_rule_add_masked(t, r, IR_EXT, bit, bit, !rnd(6)),
			 0);
	if (how == 2)
		add_range(t, r, values[rnd(6)], !rnd(3));
}

static void add_one(struct ir_table *t, struct ir_rule *r)
{
	static const enum ir_field odd[] = { IR_LEN, IR_TTL, IR_TOS };

	switch (rnd(12)) {
	case 0:
	case 1:
	case 2:
		add_address(t, r);
		break;
	case 3:
		add_iface(t, r, rnd(2) ? IR_IIF : IR_OIF, patterns[rnd(12)],
			  !rnd(3));
		break;
	case 4:
	case 5:
		add_tcp(t, r);
		break;
	case 6:
		match(t, r, rnd(2) ? IR_NEED_PORTS : IR_NEED_UDP);
		add_ports(t, r);
		break;
	case 7:
		add_states(t, r);
		break;
	case 8:
		match(t, r, IR_NEED_ICMP);
		add_range(t, r, IR_ICMP, !rnd(4));
		break;
	case 9:
		if (rnd(4))
			add_range(t, r, odd[rnd(3)], !rnd(3));
		else
			add_proto(t, r, !rnd(3));
		break;
	case 10:
		if (is_v6(t))
			add_header(t, r);
		else if (rnd(2))
			add_kinds(t, r);
		break;
	default:
		if (!rnd(4))
			add_strange(t, r);
	}
}

void add_random_matches(struct ir_table *t, struct ir_rule *r, uint32_t n)
{
	n = rnd(n + 1);
	while (n--)
		add_one(t, r);
}

/* --- tables --- */

static struct ir_chain *user_chain(const struct ir_table *t, uint32_t i)
{
	char name[16];

	snprintf(name, sizeof(name), "c%02u", (uint8_t)i);
	return ir_table_find(t, name);
}

static void add_random_rule(struct ir_table *t, uint32_t chains)
{
	static const enum ir_target targets[] = {
		IR_CONTINUE, IR_CONTINUE, IR_ACCEPT, IR_DROP, IR_RETURN,
		IR_JUMP, IR_JUMP, IR_GOTO,
	};
	uint32_t from = rnd(chains + 3), first;
	enum ir_target target = targets[rnd(8)];
	struct ir_chain *chain, *to = NULL;
	struct ir_rule *r;

	chain = from < chains ? user_chain(t, from) :
		ir_table_base(t, IR_HOOK_INPUT + from - chains);
	first = from < chains ? from + 1 : 0;
	if (target == IR_JUMP || target == IR_GOTO) {
		if (first >= chains)
			target = IR_CONTINUE;
		else
			to = user_chain(t, first + rnd(chains - first));
	}
	r = add_rule(t, chain, target, to);
	add_random_matches(t, r, target == IR_ACCEPT || target == IR_DROP ? 5 :
			   3);
}

struct ir_table *random_table(uint32_t chains, uint32_t rules)
{
	return random_table_of(AF_INET, chains, rules);
}

struct ir_table *random_table_of(int family, uint32_t chains, uint32_t rules)
{
	struct ir_table *t = ir_table_new(family, "filter");
	char name[16];
	uint32_t i;

	ck_assert_ptr_nonnull(t);
	for (i = 0; i < chains; i++) {
		snprintf(name, sizeof(name), "c%02u", (uint8_t)i);
		ck_assert_int_eq(ir_chain_add(t, name, NULL), 0);
	}
	for (i = 0; i < rules; i++)
		add_random_rule(t, chains);
	ir_table_base(t, IR_HOOK_INPUT)->policy = rnd(2) ? IR_DROP : IR_ACCEPT;
	return t;
}

/* --- packets --- */

/* Moves the packet to a boundary of what @term asks. */
static void aim(struct ir_packet *p, const struct ir_term *term)
{
	uint32_t max = ir_field_max(term->field), v;

	if (term->field == IR_TCPOPT || term->field == IR_KIND ||
	    term->field == IR_CTSTATE)
		return;
	v = rnd(2) ? term->lo : term->hi | (rnd(2) ? ~term->mask : 0);
	if (!rnd(3))
		v += rnd(2) ? 1 : -1;
	p->field[term->field] = v & max;
}

static void aim_at_rule(struct ir_packet *p, const struct ir_rule *r)
{
	const struct ir_pred *pred;
	uint32_t i, j;

	for (i = 0; i < r->nmatches; i++)
		for (j = 0; j < r->match[i].npreds; j++) {
			pred = &r->match[i].pred[j];
			if (pred->kind == IR_PRED_TERMS && pred->nterms)
				aim(p, &pred->term[rnd(pred->nterms)]);
		}
}

void random_packet(const struct ir_table *t, struct ir_packet *p)
{
	struct ir_chain *c;
	uint32_t i, n;

	memset(p, 0, sizeof(*p));
	for (i = 0; i < IR_TCPOPT; i++)
		p->field[i] = any_value(i);
	for (i = IR_SADDR1; is_v6(t) && i < IR_NFIELDS; i++)
		p->field[i] = any_value(i);
	if (is_v6(t)) {
		p->field[IR_SADDR] = any_word(0);
		p->field[IR_DADDR] = any_word(0);
	}
	p->kind = rnd(3) ? IR_KIND_WHOLE : rnd(IR_NKINDS);
	p->field[IR_KIND] = 1u << p->kind;
	p->tcpopt[0] = rnd(256);
	p->bytes = 20 + rnd(1500);
	ir_packet_set_iif(p, names[rnd(16)]);
	ir_packet_set_oif(p, names[rnd(16)]);
	for (n = 1 + rnd(2); n; n--) {
		c = ir_table_chain(t, rnd(ir_table_nchains(t)));
		if (c->nrules)
			aim_at_rule(p, c->rule[rnd(c->nrules)]);
	}
}
