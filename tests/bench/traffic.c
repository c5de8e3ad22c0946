/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/bench/traffic.c - both ends of every conversation in a script
 *
 *	traffic SCRIPT NAME=NETNS:DEV:MAC... NAME=NETNS
 *
 * Packets are made here, byte for byte the same in each run, and put on the
 * wires of the namespaces at both sides of a router, which answers nothing but
 * what it is asked itself.  So two routers that meet the same script count the
 * same.  A NAME without DEV is the router: it sends through a raw socket.
 *
 * The script has one line for each conversation:
 *
 *	FROM>TO  ADDRESS[:PORT]  ADDRESS[:PORT]  WHAT  [SIZE] [ttl=N] [tos=N] [xN]
 *
 * xN repeats it so often, each time from the next port (or ICMP id).  WHAT:
 *
 *	tcp	handshake, SIZE bytes each way, close
 *	syn ack null xmas synfin rst	one such TCP segment
 *	udp	SIZE bytes and an answer		udp1	no answer
 *	ping	echo and reply				ping1	no reply
 *	icmpN	one ICMP message of type N
 *	unreach	UDP, answered by "port unreachable"
 *	frag	UDP of SIZE bytes in two fragments
 *	protoN	a packet of IP protocol N
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_SIDES	8
#define MAX_PACKET	1500

struct side {
	char		name[16];
	int		fd;
	bool		raw;		/* the router itself */
	struct sockaddr_ll to;
	uint8_t		mac[6];
};

struct end {
	struct side	*side;
	uint32_t	addr;		/* network order, as on the wire */
	uint16_t	port;		/* host order */
};

struct talk {
	struct end	a, b;
	char		what[16];
	unsigned int	size;
	unsigned int	times;
	uint8_t		ttl;
	uint8_t		tos;
};

static struct side sides[MAX_SIDES];
static unsigned int nsides;
static unsigned long nsent;

/* Of the packets being sent. */
static uint16_t ip_id;
static uint8_t ip_ttl;
static uint8_t ip_tos;

/* Bytes ------------------------------------------------------------------- */

static uint32_t sum(const void *data, size_t len, uint32_t s)
{
	const uint8_t *b = data;
	size_t i;

	for (i = 0; i < len; i++)
		s += i & 1 ? b[i] : b[i] << 8;
	return s;
}

static uint16_t fold(uint32_t s)
{
	s = (s >> 16) + (s & 0xffff);
	s += s >> 16;
	return htons(~s);
}

/* The checksum of TCP and UDP, over what follows the IP header as well. */
static uint16_t l4_sum(const struct end *from, const struct end *to,
		       uint8_t proto, const void *data, size_t len)
{
	uint32_t s = sum(&from->addr, 4, proto + len);

	return fold(sum(data, len, sum(&to->addr, 4, s)));
}

static void transmit(const struct side *s, const uint8_t *frame, size_t len)
{
	const struct iphdr *ip = (const void *)(frame + ETH_HLEN);
	struct sockaddr_in to = { .sin_family = AF_INET };
	ssize_t n;

	if (s->raw) {
		to.sin_addr.s_addr = ip->daddr;
		n = sendto(s->fd, ip, len - ETH_HLEN, 0, (void *)&to,
			   sizeof(to));
		/* EPERM: the OUTPUT chain dropped it */
		if (n < 0 && errno == EPERM)
			n = 0;
	} else {
		n = sendto(s->fd, frame, len, 0, (const void *)&s->to,
			   sizeof(s->to));
	}
	if (n < 0) {
		perror(s->name);
		exit(1);
	}
	nsent++;
}

/* Puts @len bytes of @proto on the wire; @frag_off as in the header. */
static void send_ip(const struct end *from, const struct end *to,
		    uint8_t proto, uint16_t frag_off, const void *data,
		    size_t len)
{
	uint8_t frame[ETH_HLEN + sizeof(struct iphdr) + MAX_PACKET] = { 0 };
	struct iphdr *ip = (void *)(frame + ETH_HLEN);

	memcpy(frame, from->side->mac, 6);
	frame[12] = ETHERTYPE_IP >> 8;
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(sizeof(*ip) + len);
	ip->id = htons(ip_id);
	ip->frag_off = htons(frag_off);
	ip->ttl = ip_ttl;
	ip->tos = ip_tos;
	ip->protocol = proto;
	ip->saddr = from->addr;
	ip->daddr = to->addr;
	ip->check = fold(sum(ip, sizeof(*ip), 0));
	memcpy(ip + 1, data, len);
	transmit(from->side, frame, ETH_HLEN + sizeof(*ip) + len);
}

/* Conversations ----------------------------------------------------------- */

#define FIN	TH_FIN
#define SYN	TH_SYN
#define RST	TH_RST
#define PSH	TH_PUSH
#define ACK	TH_ACK

static void send_tcp(const struct end *from, const struct end *to,
		     uint8_t flags, uint32_t seq, uint32_t ack, size_t len)
{
	uint8_t data[MAX_PACKET] = { 0 };
	struct tcphdr *tcp = (void *)data;

	tcp->th_sport = htons(from->port);
	tcp->th_dport = htons(to->port);
	tcp->th_seq = htonl(seq);
	tcp->th_ack = htonl(ack);
	tcp->th_off = 5;
	tcp->th_flags = flags;
	tcp->th_win = htons(0xffff);
	len += sizeof(*tcp);
	tcp->th_sum = l4_sum(from, to, IPPROTO_TCP, data, len);
	ip_id++;
	send_ip(from, to, IPPROTO_TCP, 0, data, len);
}

static size_t make_udp(const struct end *from, const struct end *to,
		       uint8_t *data, size_t len)
{
	struct udphdr *udp = (void *)data;

	len += sizeof(*udp);
	udp->uh_sport = htons(from->port);
	udp->uh_dport = htons(to->port);
	udp->uh_ulen = htons(len);
	udp->uh_sum = l4_sum(from, to, IPPROTO_UDP, data, len);
	return len;
}

static void send_udp(const struct end *from, const struct end *to, size_t len)
{
	uint8_t data[MAX_PACKET] = { 0 };

	len = make_udp(from, to, data, len);
	ip_id++;
	send_ip(from, to, IPPROTO_UDP, 0, data, len);
}

static void send_icmp(const struct end *from, const struct end *to,
		      uint8_t type, uint8_t code, uint16_t id,
		      const void *more, size_t len)
{
	uint8_t data[MAX_PACKET] = { type, code };
	struct icmphdr *icmp = (void *)data;

	icmp->un.echo.id = htons(id);
	if (len)
		memcpy(icmp + 1, more, len);
	len += sizeof(*icmp);
	icmp->checksum = fold(sum(data, len, 0));
	ip_id++;
	send_ip(from, to, IPPROTO_ICMP, 0, data, len);
}

static void talk_tcp(const struct talk *t)
{
	const struct end *a = &t->a, *b = &t->b;
	uint32_t x = 1000, y = 5000;

	send_tcp(a, b, SYN, x++, 0, 0);
	send_tcp(b, a, SYN | ACK, y++, x, 0);
	send_tcp(a, b, ACK, x, y, 0);
	send_tcp(a, b, PSH | ACK, x, y, t->size);
	x += t->size;
	send_tcp(b, a, PSH | ACK, y, x, t->size);
	y += t->size;
	send_tcp(a, b, FIN | ACK, x++, y, 0);
	send_tcp(b, a, FIN | ACK, y++, x, 0);
	send_tcp(a, b, ACK, x, y, 0);
}

static void talk_ping(const struct talk *t, bool answer)
{
	uint8_t fill[MAX_PACKET] = { 0 };
	uint16_t id = t->a.port;

	send_icmp(&t->a, &t->b, ICMP_ECHO, 0, id, fill, t->size);
	if (answer)
		send_icmp(&t->b, &t->a, ICMP_ECHOREPLY, 0, id, fill, t->size);
}

/* The error quotes the packet: that is what makes it RELATED. */
static void talk_unreach(const struct talk *t)
{
	uint8_t quote[sizeof(struct iphdr) + MAX_PACKET] = { 0 };
	struct iphdr *ip = (void *)quote;
	size_t len;

	send_udp(&t->a, &t->b, t->size);
	len = make_udp(&t->a, &t->b, (void *)(ip + 1), t->size);
	ip->version = 4;
	ip->ihl = 5;
	ip->tot_len = htons(sizeof(*ip) + len);
	ip->id = htons(ip_id);
	ip->ttl = 63;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = t->a.addr;
	ip->daddr = t->b.addr;
	ip->check = fold(sum(ip, sizeof(*ip), 0));
	send_icmp(&t->b, &t->a, ICMP_UNREACH, ICMP_UNREACH_PORT, 0, quote,
		  sizeof(*ip) + 8);
}

static void talk_frag(const struct talk *t)
{
	uint8_t data[MAX_PACKET] = { 0 };
	size_t len = make_udp(&t->a, &t->b, data, t->size);
	size_t first = len / 2 & ~(size_t)7;

	ip_id++;
	send_ip(&t->a, &t->b, IPPROTO_UDP, IP_MF, data, first);
	send_ip(&t->a, &t->b, IPPROTO_UDP, first / 8, data + first,
		len - first);
}

static bool talk_flags(const struct talk *t)
{
	static const struct {
		const char	*name;
		uint8_t		flags;
	} segments[] = {
		{ "syn", SYN }, { "ack", ACK }, { "rst", RST }, { "null", 0 },
		{ "xmas", FIN | PSH | TH_URG }, { "synfin", SYN | FIN },
	};
	size_t i;

	for (i = 0; i < sizeof(segments) / sizeof(segments[0]); i++) {
		if (strcmp(t->what, segments[i].name))
			continue;
		send_tcp(&t->a, &t->b, segments[i].flags, 1000, 0, 0);
		return true;
	}
	return false;
}

static int talk_once(const struct talk *t)
{
	uint8_t fill[MAX_PACKET] = { 0 };
	unsigned int n;

	ip_ttl = t->ttl;
	ip_tos = t->tos;
	if (!strcmp(t->what, "tcp")) {
		talk_tcp(t);
	} else if (!strcmp(t->what, "udp") || !strcmp(t->what, "udp1")) {
		send_udp(&t->a, &t->b, t->size);
		if (!t->what[3])
			send_udp(&t->b, &t->a, t->size);
	} else if (!strcmp(t->what, "ping") || !strcmp(t->what, "ping1")) {
		talk_ping(t, !t->what[4]);
	} else if (!strcmp(t->what, "unreach")) {
		talk_unreach(t);
	} else if (!strcmp(t->what, "frag")) {
		talk_frag(t);
	} else if (sscanf(t->what, "icmp%u", &n) == 1) {
		send_icmp(&t->a, &t->b, n, 0, t->a.port, fill, t->size);
	} else if (sscanf(t->what, "proto%u", &n) == 1) {
		ip_id++;
		send_ip(&t->a, &t->b, n, 0, fill, t->size);
	} else if (!talk_flags(t)) {
		return -EINVAL;
	}
	return 0;
}

/* The script -------------------------------------------------------------- */

static struct side *find_side(const char *name)
{
	unsigned int i;

	for (i = 0; i < nsides; i++)
		if (!strcmp(sides[i].name, name))
			return &sides[i];
	return NULL;
}

static int parse_end(struct end *e, const char *side, char *word)
{
	char *colon = strchr(word, ':');
	struct in_addr addr;

	e->port = 0;
	if (colon) {
		*colon = 0;
		e->port = atoi(colon + 1);
	}
	e->side = find_side(side);
	if (!e->side || !inet_aton(word, &addr))
		return -EINVAL;
	e->addr = addr.s_addr;
	return 0;
}

static int parse_talk(struct talk *t, const char *line)
{
	char from[16], to[16], a[64], b[64], word[16];
	unsigned int n;
	int used, skip;

	if (sscanf(line, "%15[^>]>%15s %63s %63s %15s%n", from, to, a, b,
		   t->what, &used) != 5)
		return -EINVAL;
	t->times = 1;
	t->size = 32;
	t->ttl = 64;
	t->tos = 0;
	for (line += used; sscanf(line, "%15s%n", word, &skip) == 1;
	     line += skip) {
		if (sscanf(word, "x%u", &n) == 1)
			t->times = n;
		else if (sscanf(word, "ttl=%u", &n) == 1)
			t->ttl = n;
		else if (sscanf(word, "tos=%i", (int *)&n) == 1)
			t->tos = n;
		else if (sscanf(word, "%u", &n) == 1 && n <= 1400)
			t->size = n;
		else
			return -EINVAL;
	}
	return parse_end(&t->a, from, a) ? -EINVAL : parse_end(&t->b, to, b);
}

static int play(FILE *script)
{
	char line[256];
	struct talk t;
	int number = 0;
	unsigned int i;

	while (fgets(line, sizeof(line), script)) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (parse_talk(&t, line))
			goto bad;
		for (i = 0; i < t.times; i++, t.a.port++)
			if (talk_once(&t))
				goto bad;
	}
	printf("%lu packets sent\n", nsent);
	return 0;
bad:
	fprintf(stderr, "traffic: line %d: %s", number, line);
	return 1;
}

/* Namespaces -------------------------------------------------------------- */

static int enter(const char *netns)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
	if (fd >= 0)
		close(fd);
	return err;
}

/* NAME=NETNS:DEV:MAC or NAME=NETNS; the socket stays in that namespace. */
static int open_side(struct side *s, const char *arg)
{
	char netns[32], dev[16], mac[32];
	uint8_t *m = s->mac;
	int n;

	n = sscanf(arg, "%15[^=]=%31[^:]:%15[^:]:%31s", s->name, netns, dev,
		   mac);
	s->raw = n == 2;
	if ((n != 2 && n != 4) || enter(netns))
		return -1;
	if (s->raw) {
		s->fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
		return s->fd;
	}
	if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2,
		   m + 3, m + 4, m + 5) != 6)
		return -1;
	s->to.sll_family = AF_PACKET;
	s->to.sll_protocol = htons(ETH_P_IP);
	s->to.sll_ifindex = if_nametoindex(dev);
	s->fd = socket(AF_PACKET, SOCK_RAW, 0);
	return s->to.sll_ifindex ? s->fd : -1;
}

int main(int argc, char **argv)
{
	cpu_set_t cpu;
	FILE *script;
	int i, rc;

	script = argc > 2 ? fopen(argv[1], "r") : NULL;
	if (!script || argc - 2 > MAX_SIDES) {
		fputs("Usage: traffic SCRIPT NAME=NETNS:DEV:MAC... NAME=NETNS\n",
		      stderr);
		return 2;
	}
	/* One CPU: what is sent in order is received in order. */
	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	for (i = 2; i < argc; i++) {
		if (open_side(&sides[nsides++], argv[i]) < 0) {
			fprintf(stderr, "traffic: %s: %s\n", argv[i],
				strerror(errno));
			return 1;
		}
	}
	rc = play(script);
	fclose(script);
	return rc;
}
