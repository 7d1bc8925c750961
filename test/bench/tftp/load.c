// A building of phones: every phone has its own address in 127.0.0.0/8 and fetches its files one after the other, all
// start in the same instant, every octet is compared. Few sockets carry all phones (IP_PKTINFO names the phone), and
// datagrams come and go in batches, so that the load is not what bounds the figure: `serve` is the smallest server that
// can answer it, and tells the ceiling of both together.
//
//   load fetch PORT PHONES BLKSIZE WINDOWSIZE LOSS SEED FILE...     prints one JSON line
//   load serve FILE...                                              prints its port, serves plain RRQs for ever
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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 128, SLOT = 2048, MOST_FILES = 8, TRIES = 8 };
static const double RETRY = 1.0;

typedef struct { const char *name; unsigned char *octets; size_t size; } file_t;
static file_t files[MOST_FILES];
static int nfiles;

typedef struct {
  uint32_t ip;
  int file, tries, over;
  uint16_t tid;          // network order; 0 until the first answer
  uint32_t acked;        // blocks received in order
  uint32_t in_window;
  size_t blksize;
  uint32_t windowsize;
  double deadline, ended;
} phone_t;

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static uint64_t seed;
static double dice(void) { seed += 0x9E3779B97F4A7C15ull; uint64_t z = seed; z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull; z = (z ^ (z >> 27)) * 0x94D049BB133111EBull; z ^= z >> 31; return (z >> 11) / 9007199254740992.0; }

static void load_files(char **paths, int count) {
  for (int i = 0; i < count && i < MOST_FILES; i++) {
    FILE *f = fopen(paths[i], "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st)) { perror(paths[i]); exit(1); }
    char *slash = strrchr(paths[i], '/');
    files[i] = (file_t){ slash ? slash + 1 : paths[i], malloc(st.st_size + 1), st.st_size };
    if (fread(files[i].octets, 1, st.st_size, f) != (size_t)st.st_size) exit(1);
    fclose(f);
    nfiles = i + 1;
  }
}

static int open_socket(int port) {
  int s = socket(AF_INET, SOCK_DGRAM, 0), on = 1, big = 64 << 20;
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(port ? INADDR_LOOPBACK : INADDR_ANY) };
  if (bind(s, (void *)&a, sizeof a)) { perror("bind"); exit(1); }
  setsockopt(s, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof big)) setsockopt(s, SOL_SOCKET, SO_RCVBUF, &big, sizeof big);
  if (setsockopt(s, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof big)) setsockopt(s, SOL_SOCKET, SO_SNDBUF, &big, sizeof big);
  return s;
}

typedef struct {
  struct mmsghdr msg[BATCH];
  struct iovec iov[BATCH];
  struct sockaddr_in name[BATCH];
  char control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))] __attribute__((aligned(8)));
  unsigned char octets[BATCH][SLOT];
  int count;
} batch_t;

static void wire_up(batch_t *b) {
  for (int i = 0; i < BATCH; i++) {
    b->iov[i] = (struct iovec){ b->octets[i], SLOT };
    b->msg[i].msg_hdr = (struct msghdr){ .msg_name = &b->name[i], .msg_namelen = sizeof b->name[i], .msg_iov = &b->iov[i], .msg_iovlen = 1, .msg_control = b->control[i], .msg_controllen = sizeof b->control[i] };
  }
}

static int receive(int s, batch_t *b) {
  for (int i = 0; i < BATCH; i++) b->msg[i].msg_hdr.msg_controllen = sizeof b->control[i];
  b->count = recvmmsg(s, b->msg, BATCH, MSG_DONTWAIT, NULL);
  return b->count < 0 ? 0 : b->count;
}

static uint32_t destination(batch_t *b, int i) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&b->msg[i].msg_hdr); c; c = CMSG_NXTHDR(&b->msg[i].msg_hdr, c))
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) return ((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr.s_addr;
  return 0;
}

static void flush(int s, batch_t *b) {
  int sent = 0;
  while (sent < b->count) {
    int n = sendmmsg(s, b->msg + sent, b->count - sent, 0);
    if (n <= 0) { if (errno == EAGAIN || errno == EINTR) continue; n = 1; }
    sent += n;
  }
  b->count = 0;
}

static unsigned char *slot(int s, batch_t *b, uint32_t from, struct sockaddr_in to, int *i) {
  if (b->count == BATCH) flush(s, b);
  *i = b->count++;
  b->name[*i] = to;
  struct msghdr *h = &b->msg[*i].msg_hdr;
  h->msg_controllen = from ? sizeof b->control[*i] : 0;
  if (from) {
    struct cmsghdr *c = (struct cmsghdr *)b->control[*i];
    *c = (struct cmsghdr){ .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)) };
    *(struct in_pktinfo *)CMSG_DATA(c) = (struct in_pktinfo){ .ipi_spec_dst.s_addr = from };
  }
  return b->octets[*i];
}

// ---- fetch

static int sockets[MOST_FILES];
static batch_t in, out[MOST_FILES];
static phone_t *phones;
static int nphones;
static uint16_t server_port;
static int ask_blksize, ask_windowsize;
static double loss;
static struct { uint64_t octets, data, needed, lost_data, lost_ack, repeated, client_retries, wrong, errors; } sum;
static int finished, failed;

static void say(phone_t *p, int request) {
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = request ? htons(server_port) : p->tid, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  if (!request && loss > 0 && dice() < loss) { sum.lost_ack++; return; }
  int i, s = sockets[p->file];
  unsigned char *o = slot(s, &out[p->file], p->ip, to, &i);
  if (request) {
    int n = 2;
    o[0] = 0; o[1] = 1;
    n += sprintf((char *)o + n, "%s", files[p->file].name) + 1;
    n += sprintf((char *)o + n, "octet") + 1;
    if (ask_blksize) { n += sprintf((char *)o + n, "blksize") + 1; n += sprintf((char *)o + n, "%d", ask_blksize) + 1; }
    if (ask_windowsize) { n += sprintf((char *)o + n, "windowsize") + 1; n += sprintf((char *)o + n, "%d", ask_windowsize) + 1; }
    out[p->file].iov[i].iov_len = n;
  } else {
    o[0] = 0; o[1] = 4; o[2] = p->acked >> 8; o[3] = p->acked;
    out[p->file].iov[i].iov_len = 4;
  }
}

static void begin(phone_t *p, double t) {
  p->tid = 0; p->acked = 0; p->in_window = 0; p->blksize = 512; p->windowsize = 1; p->tries = 0; p->deadline = t + RETRY;
  say(p, 1);
}

static void hear(phone_t *p, int f, struct sockaddr_in *from, unsigned char *o, int n, double t) {
  if (p->over || p->file != f || n < 4) return;
  if (o[1] == 5) { sum.errors++; p->over = 1; failed++; finished++; return; }
  if (o[1] != 3 && o[1] != 6) return;
  if (o[1] == 3) {
    sum.data++;
    if (loss > 0 && dice() < loss) { sum.lost_data++; return; }
  }
  if (p->tid && p->tid != from->sin_port) return;
  if (o[1] == 6) {
    if (p->acked) return;
    p->tid = from->sin_port;
    for (int i = 2; i < n;) {
      char *name = (char *)o + i, *value = name + strnlen(name, n - i) + 1;
      if (!strcasecmp(name, "blksize")) p->blksize = atoi(value);
      if (!strcasecmp(name, "windowsize")) p->windowsize = atoi(value);
      i += strlen(name) + strlen(value) + 2;
    }
    p->deadline = t + RETRY;
    say(p, 0);
    return;
  }
  uint16_t block = o[2] << 8 | o[3];
  if (block != (uint16_t)(p->acked + 1)) {
    sum.repeated++;
    // Its ACK was lost (the block is the last one again), or a block before it was (a window has a hole).
    if (p->tid && (block == (uint16_t)p->acked || p->windowsize > 1)) { p->in_window = 0; say(p, 0); }
    return;
  }
  p->tid = from->sin_port;
  file_t *file = &files[f];
  size_t at = (size_t)p->acked * p->blksize, length = n - 4;
  size_t expected = file->size - at < p->blksize ? file->size - at : p->blksize;
  if (length != expected || memcmp(o + 4, file->octets + at, length)) { sum.wrong++; p->over = 1; failed++; finished++; return; }
  sum.needed++;
  sum.octets += length;
  p->acked++;
  p->in_window++;
  p->tries = 0;
  p->deadline = t + RETRY;
  int last = length < p->blksize;
  if (last || p->in_window >= p->windowsize) { p->in_window = 0; say(p, 0); }
  if (!last) return;
  if (++p->file < nfiles) begin(p, t);
  else { p->over = 1; p->ended = t; finished++; }
}

static int later(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// Seconds after which half of the phones had everything.
static double median(double start) {
  double *ends = malloc(nphones * sizeof *ends);
  for (int i = 0; i < nphones; i++) ends[i] = phones[i].ended - start;
  qsort(ends, nphones, sizeof *ends, later);
  double half = ends[nphones / 2];
  free(ends);
  return half;
}

static void retry(double t) {
  for (int i = 0; i < nphones; i++) {
    phone_t *p = &phones[i];
    if (p->over || p->deadline > t) continue;
    if (++p->tries >= TRIES) { p->over = 1; failed++; finished++; continue; }
    sum.client_retries++;
    p->in_window = 0;
    p->deadline = t + RETRY;
    say(p, p->tid == 0);
  }
}

static int fetch(int argc, char **argv) {
  server_port = atoi(argv[2]); nphones = atoi(argv[3]); ask_blksize = atoi(argv[4]); ask_windowsize = atoi(argv[5]);
  loss = atof(argv[6]); seed = atoll(argv[7]);
  load_files(argv + 8, argc - 8);
  phones = calloc(nphones, sizeof *phones);
  wire_up(&in);
  for (int f = 0; f < nfiles; f++) { sockets[f] = open_socket(0); wire_up(&out[f]); }
  double start = now(), swept = start, slowest = 0;
  for (int i = 0; i < nphones; i++) {
    // 127.1.0.0 and up: host i of the building.
    phones[i].ip = htonl(0x7f010000u + i + 1);
    begin(&phones[i], start);
  }
  flush(sockets[0], &out[0]);
  while (finished < nphones) {
    struct pollfd fds[MOST_FILES];
    for (int f = 0; f < nfiles; f++) fds[f] = (struct pollfd){ sockets[f], POLLIN, 0 };
    poll(fds, nfiles, 20);
    double t = now();
    for (int f = 0; f < nfiles; f++) {
      if (!(fds[f].revents & POLLIN)) continue;
      int n = receive(sockets[f], &in);
      for (int i = 0; i < n; i++) {
        uint32_t index = ntohl(destination(&in, i)) - 0x7f010001u;
        if (index < (uint32_t)nphones) hear(&phones[index], f, &in.name[i], in.octets[i], in.msg[i].msg_len, t);
      }
    }
    if (t - swept > 0.05) { retry(t); swept = t; }
    for (int f = 0; f < nfiles; f++) if (out[f].count) flush(sockets[f], &out[f]);
    slowest = t - start;
  }
  printf("{\"seconds\":%.4f,\"median\":%.4f,\"octets\":%llu,\"failed\":%d,\"wrong\":%llu,\"errors\":%llu,\"data\":%llu,\"needed\":%llu,\"lostData\":%llu,\"lostAck\":%llu,\"repeated\":%llu,\"retries\":%llu}\n",
         slowest, median(start), (unsigned long long)sum.octets, failed, (unsigned long long)sum.wrong, (unsigned long long)sum.errors, (unsigned long long)sum.data, (unsigned long long)sum.needed,
         (unsigned long long)sum.lost_data, (unsigned long long)sum.lost_ack, (unsigned long long)sum.repeated, (unsigned long long)sum.client_retries);
  return 0;
}

// ---- serve: one socket, no options, no timers, no state but the file that each address fetches

static void serve(int argc, char **argv) {
  load_files(argv + 2, argc - 2);
  int s = open_socket(0);
  struct sockaddr_in me; socklen_t l = sizeof me;
  getsockname(s, (void *)&me, &l);
  printf("%d\n", ntohs(me.sin_port));
  fflush(stdout);
  static unsigned char which[1 << 24];
  static batch_t answers;
  wire_up(&in); wire_up(&answers);
  for (;;) {
    struct pollfd fd = { s, POLLIN, 0 };
    poll(&fd, 1, -1);
    int n = receive(s, &in);
    for (int i = 0; i < n; i++) {
      unsigned char *o = in.octets[i];
      uint32_t key = ntohl(in.name[i].sin_addr.s_addr) & 0xffffff, block = 0;
      if (o[1] == 1) { for (int f = 0; f < nfiles; f++) if (!strcmp((char *)o + 2, files[f].name)) which[key] = f; }
      else if (o[1] == 4) block = o[2] << 8 | o[3];
      else continue;
      file_t *file = &files[which[key]];
      size_t at = (size_t)block * 512;
      if (at > file->size) continue;
      size_t length = file->size - at < 512 ? file->size - at : 512;
      int k;
      unsigned char *d = slot(s, &answers, 0, in.name[i], &k);
      block++;
      d[0] = 0; d[1] = 3; d[2] = block >> 8; d[3] = block;
      memcpy(d + 4, file->octets + at, length);
      answers.iov[k].iov_len = length + 4;
    }
    flush(s, &answers);
  }
}

int main(int argc, char **argv) {
  if (argc > 8 && !strcmp(argv[1], "fetch")) return fetch(argc, argv);
  if (argc > 2 && !strcmp(argv[1], "serve")) serve(argc, argv);
  fprintf(stderr, "usage: load fetch PORT PHONES BLKSIZE WINDOWSIZE LOSS SEED FILE... | load serve FILE...\n");
  return 2;
}
