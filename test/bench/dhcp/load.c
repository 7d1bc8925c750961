// Clients behind a relay: each sends a DISCOVER, answers its OFFER with a REQUEST at once and waits for its ACK. It exists
// because perfdhcp, which handles one packet at a time, ends at some 25,000 a second on a core: here datagrams come and go
// in batches, as few as are there. A reply is compared with what it answers, and no address may be given to two clients:
// `wrong` counts those that fail, and second answers to one message.
// `serve` is the smallest server that can answer it, which keeps nothing, and tells the ceiling of both together.
//
//   load ask OWN SERVER RATE SECONDS CLIENTS SERIES     prints one JSON line
//   load serve OWN FIRST                                prints "ready", answers for ever with addresses from FIRST on
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64, SLOT = 600, HEAD = 240, SHORTEST = 300, PORT = 67 };
enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK };
// Of the last replies that are under way when the sending ends, in seconds; as perfdhcp is told to wait.
static const double TAIL = 0.3;

typedef struct {
  struct mmsghdr msg[BATCH];
  struct iovec iov[BATCH];
  struct sockaddr_in name[BATCH];
  unsigned char octets[BATCH][SLOT];
  int count;
} batch_t;
static batch_t in, out;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static uint32_t read32(const unsigned char *o) { uint32_t v; memcpy(&v, o, 4); return ntohl(v); }
static void write32(unsigned char *o, uint32_t v) { v = htonl(v); memcpy(o, &v, 4); }

static int open_socket(const char *own) {
  int s = socket(AF_INET, SOCK_DGRAM, 0), big = 64 << 20;
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = inet_addr(own) };
  if (bind(s, (void *)&a, sizeof a)) { perror("bind"); exit(1); }
  if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big)) setsockopt(s, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
  return s;
}

static void wire_up(batch_t *b) {
  for (int i = 0; i < BATCH; i++) {
    b->iov[i] = (struct iovec){ b->octets[i], SLOT };
    b->msg[i].msg_hdr = (struct msghdr){ .msg_name = &b->name[i], .msg_namelen = sizeof b->name[i], .msg_iov = &b->iov[i], .msg_iovlen = 1 };
  }
}

static int receive(int s) {
  int n = recvmmsg(s, in.msg, BATCH, MSG_DONTWAIT, NULL);
  return n < 0 ? 0 : n;
}

static void flush(int s) {
  for (int sent = 0; sent < out.count;) {
    int n = sendmmsg(s, out.msg + sent, out.count - sent, 0);
    if (n <= 0) { if (errno == EAGAIN || errno == EINTR) continue; n = 1; }
    sent += n;
  }
  out.count = 0;
}

static unsigned char *slot(int s, struct sockaddr_in to) {
  if (out.count == BATCH) flush(s);
  out.name[out.count] = to;
  out.iov[out.count].iov_len = SHORTEST;
  return memset(out.octets[out.count++], 0, SHORTEST);
}

// The value of an option that has `length` octets, or NULL.
static const unsigned char *option(const unsigned char *o, int n, int code, int length) {
  for (int i = HEAD; i + 1 < n && o[i] != 255;) {
    if (o[i] == 0) { i++; continue; }
    if (i + 2 + o[i + 1] > n) return NULL;
    if (o[i] == code) return o[i + 1] == length ? o + i + 2 : NULL;
    i += 2 + o[i + 1];
  }
  return NULL;
}

// ---- ask

// Seconds since the begin; 0: not yet. A REQUEST leaves with the OFFER's arrival.
typedef struct { float discovered, offered, acked; uint32_t address; } exchange_t;
static exchange_t *exchanges;
// Whose an address of 10.0.0.0/8 is: the client's number + 1.
static uint32_t *holders;
static struct sockaddr_in server;
static uint32_t own_address, nclients, series, begun;
static struct { uint32_t offers, acks, wrong; } sum;

static unsigned char *message(int s, uint32_t n, int type) {
  unsigned char *o = slot(s, server);
  uint32_t client = n % nclients;
  o[0] = 1; o[1] = 1; o[2] = 6; o[3] = 1;
  write32(o + 4, series << 24 | n);
  write32(o + 24, own_address);
  o[29] = 0x0c; o[30] = series;
  o[31] = client >> 16; o[32] = client >> 8; o[33] = client;
  write32(o + 236, 0x63825363);
  // The type, and what perfdhcp asks for: mask, broadcast, time offset, router, domain, DNS, host name.
  static const unsigned char options[] = { 53, 1, 0, 55, 7, 1, 28, 2, 3, 15, 6, 12, 255 };
  memcpy(o + HEAD, options, sizeof options);
  o[HEAD + 2] = type;
  return o;
}

static void request(int s, uint32_t n, uint32_t address, uint32_t server_id) {
  unsigned char *o = message(s, n, REQUEST) + HEAD + 12;
  *o++ = 50; *o++ = 4; write32(o, address); o += 4;
  *o++ = 54; *o++ = 4; write32(o, server_id); o += 4;
  *o = 255;
}

static void hear(int s, const unsigned char *o, int n, double at) {
  if (n < HEAD || o[0] != 2) { sum.wrong++; return; }
  uint32_t number = read32(o + 4) & 0xffffff, address = read32(o + 16);
  const unsigned char *type = option(o, n, 53, 1), *id = option(o, n, 54, 4);
  if (o[4] != (unsigned char)series) return; // A late answer to the run before.
  if (number >= begun) { sum.wrong++; return; }
  uint32_t client = number % nclients;
  exchange_t *e = &exchanges[number];
  int whose = o[29] == 0x0c && o[30] == series && o[31] == (unsigned char)(client >> 16) && o[32] == (unsigned char)(client >> 8) && o[33] == (unsigned char)client;
  if (!type || !id || !whose || address >> 24 != 10) { sum.wrong++; return; }
  uint32_t *holder = &holders[address & 0xffffff];
  if (*type == OFFER && !e->offered) {
    e->offered = at;
    e->address = address;
    sum.offers++;
    request(s, number, address, read32(id));
  } else if (*type == ACK && e->offered && !e->acked) {
    if (address != e->address || (*holder && *holder != client + 1)) { sum.wrong++; return; }
    *holder = client + 1;
    e->acked = at;
    sum.acks++;
  } else if (*type != NAK) sum.wrong++; // A refused REQUEST is one without an ACK.
}

static int by_length(const void *a, const void *b) { float x = *(const float *)a, y = *(const float *)b; return (x > y) - (x < y); }

// Prints milliseconds: the mean, and what 99 of 100 stay within.
static void delays(const char *name, int of_acks) {
  float *all = malloc((begun + 1) * sizeof *all);
  uint32_t n = 0;
  double total = 0;
  for (uint32_t i = 0; i < begun; i++) {
    exchange_t *e = &exchanges[i];
    if (of_acks ? !e->acked : !e->offered) continue;
    all[n] = of_acks ? e->acked - e->offered : e->offered - e->discovered;
    total += all[n++];
  }
  qsort(all, n, sizeof *all, by_length);
  printf(",\"%s\":{\"mean\":%.3f,\"p99\":%.3f}", name, n ? 1000 * total / n : 0, n ? 1000 * all[(uint32_t)(n * 0.99)] : 0);
  free(all);
}

static int ask(char **argv) {
  double rate = atof(argv[4]), seconds = atof(argv[5]);
  nclients = atoi(argv[6]); series = atoi(argv[7]);
  own_address = ntohl(inet_addr(argv[2]));
  server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = inet_addr(argv[3]) };
  uint32_t all = rate * seconds;
  exchanges = calloc(all + 1, sizeof *exchanges);
  holders = calloc(1 << 24, sizeof *holders);
  int s = open_socket(argv[2]);
  wire_up(&in); wire_up(&out);
  double start = now(), t = 0, ended = 0;
  while (begun < all ? t < seconds + 1 : sum.acks < all && t < ended + TAIL) {
    t = now() - start;
    for (int n; (n = receive(s)) > 0;) {
      t = now() - start;
      for (int i = 0; i < n; i++) hear(s, in.octets[i], in.msg[i].msg_len, t);
      if (out.count) flush(s);
      if (n < BATCH || (uint32_t)(rate * t) >= begun + BATCH) break;
    }
    uint32_t due = rate * t;
    for (int n = 0; begun < due && begun < all && n < BATCH; n++) {
      exchanges[begun].discovered = t;
      message(s, begun++, DISCOVER);
      ended = t;
    }
    if (out.count) { flush(s); continue; }
    double rest = begun < all ? (begun + 1) / rate - t : 0.01;
    struct timespec wait = { 0, rest > 0 ? (rest < 0.01 ? rest : 0.01) * 1e9 : 0 };
    struct pollfd fd = { s, POLLIN, 0 };
    ppoll(&fd, 1, &wait, NULL);
  }
  printf("{\"seconds\":%.4f,\"discovers\":%u,\"offers\":%u,\"acks\":%u,\"wrong\":%u", ended, begun, sum.offers, sum.acks, sum.wrong);
  delays("offer", 0);
  delays("ack", 1);
  printf("}\n");
  return 0;
}

// ---- serve: to the relay, an address by the client's number, nothing kept

static void serve(char **argv) {
  int s = open_socket(argv[2]);
  uint32_t own = ntohl(inet_addr(argv[2])), first = ntohl(inet_addr(argv[3]));
  wire_up(&in); wire_up(&out);
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    struct pollfd fd = { s, POLLIN, 0 };
    poll(&fd, 1, -1);
    int n = receive(s);
    for (int i = 0; i < n; i++) {
      const unsigned char *o = in.octets[i], *type = option(o, in.msg[i].msg_len, 53, 1);
      if (in.msg[i].msg_len < HEAD || !type) continue;
      struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(PORT) };
      memcpy(&to.sin_addr, o + 24, 4);
      unsigned char *r = slot(s, to);
      memcpy(r, o, HEAD);
      r[0] = 2;
      write32(r + 16, first + (o[31] << 16 | o[32] << 8 | o[33]));
      unsigned char options[] = { 53, 1, *type == DISCOVER ? OFFER : ACK, 54, 4, own >> 24, own >> 16, own >> 8, own, 51, 4, 0, 0, 14, 16, 1, 4, 255, 0, 0, 0, 3, 4, 10, 0, 0, 2, 255 };
      memcpy(r + HEAD, options, sizeof options);
    }
    flush(s);
  }
}

int main(int argc, char **argv) {
  if (argc == 8 && !strcmp(argv[1], "ask")) return ask(argv);
  if (argc == 4 && !strcmp(argv[1], "serve")) serve(argv);
  fprintf(stderr, "usage: load ask OWN SERVER RATE SECONDS CLIENTS SERIES | load serve OWN FIRST\n");
  return 2;
}
