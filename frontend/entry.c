/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frontend/entry.c - building, walking and comparing the entries of rules
 *
 * Comparing is that of libiptc: the IP part, then match by match and the
 * target, of each only the bytes that user space fills in (the kernel keeps
 * pointers in the others).
 */
#include "frontend/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#define ENTRY_MAX	UINT16_MAX	/* the type of next_offset */
#define MATCH_HEADER	XT_ALIGN(sizeof(struct xt_entry_match))
#define TARGET_HEADER	XT_ALIGN(sizeof(struct xt_entry_target))

static size_t matches_size(const struct xtables_rule_match *r)
{
	size_t size = 0;

	for (; r; r = r->next)
		size += r->match->m->u.match_size;
	return size;
}

static uint16_t get16(const void *entry, size_t at)
{
	uint16_t v;

	memcpy(&v, (const char *)entry + at, sizeof(v));
	return v;
}

static void put16(void *entry, size_t at, uint16_t v)
{
	memcpy((char *)entry + at, &v, sizeof(v));
}

static uint16_t target_offset(const struct fe_family *f, const void *entry)
{
	return get16(entry, f->target_offset);
}

uint16_t fe_entry_size(const struct fe_family *f, const void *entry)
{
	return get16(entry, f->next_offset);
}

int fe_entry_build(const struct fe_command *c, void **out)
{
	const struct xt_entry_target *target = c->target->t;
	size_t offset = c->family->entry_size + matches_size(c->matches);
	size_t size = offset + target->u.target_size;
	const struct xtables_rule_match *r;
	char *e, *p;

	if (size > ENTRY_MAX)
		return -E2BIG;
	e = calloc(1, size);
	if (!e)
		return -ENOMEM;
	put16(e, c->family->target_offset, offset);
	put16(e, c->family->next_offset, size);
	p = e + c->family->entry_size;
	for (r = c->matches; r; r = r->next) {
		memcpy(p, r->match->m, r->match->m->u.match_size);
		p += r->match->m->u.match_size;
	}
	memcpy(p, target, target->u.target_size);
	fe_entry_set_addrs(e, c, 0, 0);
	*out = e;
	return 0;
}

void fe_entry_set_addrs(void *entry, const struct fe_command *c, unsigned int s,
			unsigned int d)
{
	struct fe_ip ip = c->ip;

	if (s < c->src.n)
		c->family->pick(&c->src, s, &ip.src, &ip.smsk);
	if (d < c->dst.n)
		c->family->pick(&c->dst, d, &ip.dst, &ip.dmsk);
	c->family->put_ip(entry, &ip);
}

const struct xt_entry_target *fe_entry_target(const struct fe_family *f,
					      const void *entry)
{
	return (const void *)((const char *)entry + target_offset(f, entry));
}

const struct xt_entry_match *
fe_entry_next_match(const struct fe_family *f, const void *entry,
		    const struct xt_entry_match *m)
{
	const char *e = entry;
	const char *p = m ? (const char *)m + m->u.match_size :
			    e + f->entry_size;

	return p < e + target_offset(f, entry) ? (const void *)p : NULL;
}

static bool terminated(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

static bool valid_target(const char *p, size_t size)
{
	const struct xt_entry_target *t = (const void *)p;

	return size >= sizeof(*t) && t->u.target_size == size &&
	       terminated(t->u.user.name, sizeof(t->u.user.name));
}

static bool valid_matches(const char *p, size_t size)
{
	const struct xt_entry_match *m;

	while (size) {
		m = (const void *)p;
		if (size < sizeof(*m) || m->u.match_size < sizeof(*m) ||
		    m->u.match_size % 8 || m->u.match_size > size ||
		    !terminated(m->u.user.name, sizeof(m->u.user.name)))
			return false;
		p += m->u.match_size;
		size -= m->u.match_size;
	}
	return true;
}

bool fe_entry_valid(const struct fe_family *f, const void *entry, size_t size)
{
	const char *e = entry;
	struct fe_ip ip;
	size_t at;

	if (size < f->entry_size || fe_entry_size(f, entry) != size)
		return false;
	at = target_offset(f, entry);
	if (at < f->entry_size || at > size || at % 8)
		return false;
	f->get_ip(entry, &ip);
	return terminated(ip.iniface, IFNAMSIZ) &&
	       terminated(ip.outiface, IFNAMSIZ) &&
	       valid_matches(e + f->entry_size, at - f->entry_size) &&
	       valid_target(e + at, size - at);
}

static bool same_iface(const char *a, const unsigned char *amask,
		       const char *b, const unsigned char *bmask)
{
	int i;

	for (i = 0; i < IFNAMSIZ; i++)
		if (amask[i] != bmask[i] ||
		    (a[i] & amask[i]) != (b[i] & bmask[i]))
			return false;
	return true;
}

static bool same_addr(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool same_ip(const struct fe_ip *a, const struct fe_ip *b)
{
	return same_addr(&a->src, &b->src) && same_addr(&a->dst, &b->dst) &&
	       same_addr(&a->smsk, &b->smsk) && same_addr(&a->dmsk, &b->dmsk) &&
	       a->proto == b->proto && a->asks_proto == b->asks_proto &&
	       a->fragment == b->fragment && a->go == b->go &&
	       a->invflags == b->invflags &&
	       same_iface(a->iniface, a->iniface_mask,
			  b->iniface, b->iniface_mask) &&
	       same_iface(a->outiface, a->outiface_mask,
			  b->outiface, b->outiface_mask);
}

static bool same_match(const struct xt_entry_match *a,
		       const struct xt_entry_match *b, size_t compared)
{
	size_t size = b->u.match_size - MATCH_HEADER;

	return a->u.match_size == b->u.match_size &&
	       !strcmp(a->u.user.name, b->u.user.name) &&
	       !memcmp(a->data, b->data, compared < size ? compared : size);
}

static bool same_matches(const struct fe_command *c, const void *a,
			 const void *b)
{
	const struct xt_entry_match *m, *n;
	const struct xtables_rule_match *r;

	m = fe_entry_next_match(c->family, a, NULL);
	n = fe_entry_next_match(c->family, b, NULL);
	for (r = c->matches; m && n && r; r = r->next) {
		if (!same_match(m, n, r->match->userspacesize))
			return false;
		m = fe_entry_next_match(c->family, a, m);
		n = fe_entry_next_match(c->family, b, n);
	}
	return !m && !n && !r;
}

static bool same_target(const struct fe_command *c, const struct ir_rule *a,
			const struct ir_rule *b)
{
	const struct xt_entry_target *t = fe_entry_target(c->family, a->entry);
	const struct xt_entry_target *u = fe_entry_target(c->family, b->entry);
	size_t size = u->u.target_size - TARGET_HEADER;
	size_t compared = c->target->userspacesize;

	if (a->target != b->target || a->to != b->to)
		return false;
	if (a->target != IR_EXTENSION)
		return true;
	return t->u.target_size == u->u.target_size &&
	       !strcmp(t->u.user.name, u->u.user.name) &&
	       !memcmp(t->data, u->data, compared < size ? compared : size);
}

bool fe_entry_same(const struct ir_rule *r, const struct ir_rule *like,
		   const struct fe_command *c)
{
	const struct fe_family *f = c->family;
	const void *a = r->entry, *b = like->entry;
	struct fe_ip one, other;

	f->get_ip(a, &one);
	f->get_ip(b, &other);
	return same_ip(&one, &other) &&
	       target_offset(f, a) == target_offset(f, b) &&
	       fe_entry_size(f, a) == fe_entry_size(f, b) &&
	       same_matches(c, a, b) && same_target(c, r, like);
}
