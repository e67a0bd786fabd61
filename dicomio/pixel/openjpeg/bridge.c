//go:build linux && cgo

#include "bridge.h"
#include "guard.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is needed of OpenJPEG's interface. These layouts belong to the library's
 * binary interface number 7 (libopenjp2.so.7) and have been the same since 2.1;
 * they were compared with the 2.5.0 header, field by field.
 */
typedef struct {
  uint32_t dx, dy, w, h, x0, y0, prec, bpp, sgnd, resno_decoded, factor;
  int32_t *data;
  uint16_t alpha;
} opj_comp;

typedef struct {
  uint32_t x0, y0, x1, y1, numcomps;
  int color_space;
  opj_comp *comps;
  uint8_t *icc_profile_buf;
  uint32_t icc_profile_len;
} opj_image;

typedef size_t (*opj_read_fn)(void *buffer, size_t n, void *user);
typedef int64_t (*opj_skip_fn)(int64_t n, void *user);
typedef int (*opj_seek_fn)(int64_t n, void *user);
typedef void (*opj_msg_fn)(const char *msg, void *user);

enum { CODEC_J2K = 0, TRUE_ = 1 };

struct nafas_opj {
  const char *(*version)(void);
  void *(*stream_create)(size_t buffer, int is_input);
  void (*stream_destroy)(void *stream);
  void (*stream_set_read_function)(void *stream, opj_read_fn f);
  void (*stream_set_skip_function)(void *stream, opj_skip_fn f);
  void (*stream_set_seek_function)(void *stream, opj_seek_fn f);
  void (*stream_set_user_data)(void *stream, void *user, void (*free_fn)(void *));
  void (*stream_set_user_data_length)(void *stream, uint64_t n);
  void *(*create_decompress)(int format);
  void (*destroy_codec)(void *codec);
  int (*set_error_handler)(void *codec, opj_msg_fn f, void *user);
  int (*set_warning_handler)(void *codec, opj_msg_fn f, void *user);
  int (*set_info_handler)(void *codec, opj_msg_fn f, void *user);
  void (*set_default_decoder_parameters)(void *parameters);
  int (*setup_decoder)(void *codec, void *parameters);
  int (*decoder_set_strict_mode)(void *codec, int strict);
  int (*read_header)(void *stream, void *codec, opj_image **image);
  int (*decode)(void *codec, void *stream, opj_image *image);
  int (*end_decompress)(void *codec, void *stream);
  void (*image_destroy)(opj_image *image);
};

nafas_opj *nafas_opj_open(const char *name, char *msg, size_t msg_size) {
  void *so = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (so == NULL) {
    const char *why = dlerror();
    snprintf(msg, msg_size, "%s", why != NULL ? why : "not found");
    return NULL;
  }
  nafas_opj *lib = calloc(1, sizeof *lib);
  if (lib == NULL) {
    snprintf(msg, msg_size, "out of memory");
    return NULL;
  }
  struct {
    const char *name;
    void *at;
  } symbols[] = {
      {"opj_version", &lib->version},
      {"opj_stream_create", &lib->stream_create},
      {"opj_stream_destroy", &lib->stream_destroy},
      {"opj_stream_set_read_function", &lib->stream_set_read_function},
      {"opj_stream_set_skip_function", &lib->stream_set_skip_function},
      {"opj_stream_set_seek_function", &lib->stream_set_seek_function},
      {"opj_stream_set_user_data", &lib->stream_set_user_data},
      {"opj_stream_set_user_data_length", &lib->stream_set_user_data_length},
      {"opj_create_decompress", &lib->create_decompress},
      {"opj_destroy_codec", &lib->destroy_codec},
      {"opj_set_error_handler", &lib->set_error_handler},
      {"opj_set_warning_handler", &lib->set_warning_handler},
      {"opj_set_info_handler", &lib->set_info_handler},
      {"opj_set_default_decoder_parameters", &lib->set_default_decoder_parameters},
      {"opj_setup_decoder", &lib->setup_decoder},
      {"opj_decoder_set_strict_mode", &lib->decoder_set_strict_mode},
      {"opj_read_header", &lib->read_header},
      {"opj_decode", &lib->decode},
      {"opj_end_decompress", &lib->end_decompress},
      {"opj_image_destroy", &lib->image_destroy},
  };
  for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
    void *f = dlsym(so, symbols[i].name);
    if (f == NULL) {
      snprintf(msg, msg_size, "it is older than 2.5: it has no %s", symbols[i].name);
      free(lib);
      dlclose(so);
      return NULL;
    }
    memcpy(symbols[i].at, &f, sizeof f);
  }
  return lib;
}

const char *nafas_opj_version(const nafas_opj *lib) { return lib->version(); }

/* The code stream in memory, as the library's stream callbacks see it. */
typedef struct {
  const uint8_t *src;
  size_t len, pos;
} memory;

static size_t memory_read(void *buffer, size_t n, void *user) {
  memory *m = user;
  size_t left = m->len - m->pos;
  if (left == 0) {
    return (size_t)-1; /* the library's end of file */
  }
  if (n > left) {
    n = left;
  }
  memcpy(buffer, m->src + m->pos, n);
  m->pos += n;
  return n;
}

static int64_t memory_skip(int64_t n, void *user) {
  memory *m = user;
  if (n < 0 || (uint64_t)n > m->len - m->pos) {
    return -1;
  }
  m->pos += (size_t)n;
  return n;
}

static int memory_seek(int64_t n, void *user) {
  memory *m = user;
  if (n < 0 || (uint64_t)n > m->len) {
    return 0;
  }
  m->pos = (size_t)n;
  return TRUE_;
}

/* The first complaint of one decoding; the library says more than that. */
typedef struct {
  char *msg;
  size_t size;
} complaint;

static void on_complaint(const char *msg, void *user) {
  complaint *c = user;
  if (c->msg[0] == '\0') {
    snprintf(c->msg, c->size, "%s", msg);
  }
}

/*
 * A warning ends in a refusal as an error does, since the library goes on after
 * damage with what it has (an empty code block, a missing packet). These alone
 * say nothing of the samples.
 */
static void on_warning(const char *msg, void *user) {
  static const char *const harmless[] = {"Unknown marker", "Psot", "Part-2 extension"};
  for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
    if (strstr(msg, harmless[i]) != NULL) {
      return;
    }
  }
  on_complaint(msg, user);
}

static void on_nothing(const char *msg, void *user) {
  (void)msg;
  (void)user;
}

/* Copies the decoded component out; nonzero where it is not as promised. */
static int copy_out(const opj_image *image, uint32_t columns, uint32_t rows, uint32_t prec,
                    uint32_t sgnd, uint16_t *dst) {
  if (image->numcomps != 1 || image->comps == NULL) {
    return 1;
  }
  const opj_comp *c = image->comps;
  if (c->w != columns || c->h != rows || c->prec != prec || c->sgnd != sgnd || c->data == NULL) {
    return 1;
  }
  const int32_t low = sgnd ? -(1 << (prec - 1)) : 0;
  const int32_t high = (1 << (prec - sgnd)) - 1;
  const uint16_t mask = (uint16_t)((1u << prec) - 1);
  const size_t n = (size_t)columns * rows;
  for (size_t i = 0; i < n; i++) {
    int32_t v = c->data[i];
    v = v < low ? low : v > high ? high : v;
    dst[i] = (uint16_t)v & mask;
  }
  return 0;
}

/* What one decoding holds: on the heap, since locals that change after setjmp
   are lost by longjmp. */
typedef struct {
  void *parameters, *codec, *stream;
  opj_image *image;
} work;

static int decode(const nafas_opj *lib, work *w, memory *m, complaint *c) {
  /* opj_dparameters_t has 8252 bytes in 2.5.0 and is only handed through; the
     room to spare is for fields that a later 2.x may add. */
  w->parameters = calloc(1, 64 * 1024);
  w->codec = lib->create_decompress(CODEC_J2K);
  w->stream = lib->stream_create(64 * 1024, TRUE_);
  if (w->parameters == NULL || w->codec == NULL || w->stream == NULL) {
    on_complaint("out of memory", c);
    return 1;
  }
  lib->set_error_handler(w->codec, on_complaint, c);
  lib->set_warning_handler(w->codec, on_warning, c);
  lib->set_info_handler(w->codec, on_nothing, NULL);
  lib->stream_set_read_function(w->stream, memory_read);
  lib->stream_set_skip_function(w->stream, memory_skip);
  lib->stream_set_seek_function(w->stream, memory_seek);
  lib->stream_set_user_data(w->stream, m, NULL);
  lib->stream_set_user_data_length(w->stream, m->len);
  lib->set_default_decoder_parameters(w->parameters);
  return !(lib->setup_decoder(w->codec, w->parameters) &&
           lib->decoder_set_strict_mode(w->codec, TRUE_) &&
           lib->read_header(w->stream, w->codec, &w->image) &&
           lib->decode(w->codec, w->stream, w->image) &&
           lib->end_decompress(w->codec, w->stream)) ||
         c->msg[0] != '\0';
}

int nafas_opj_decode(const nafas_opj *lib, const uint8_t *src, size_t len,
                     uint32_t columns, uint32_t rows, uint32_t prec, uint32_t sgnd,
                     uint16_t *dst, char *msg, size_t msg_size) {
  memory m = {src, len, 0};
  complaint c = {msg, msg_size};
  nafas_guard g = {.msg = msg, .msg_size = msg_size};
  volatile int failed = 1;
  msg[0] = '\0';
  work *const w = calloc(1, sizeof *w);
  if (w == NULL) {
    on_complaint("out of memory", &c);
    return failed;
  }
  if (setjmp(g.out) == 0) {
    nafas_guard_arm(&g);
    failed = decode(lib, w, &m, &c);
    nafas_guard_disarm();
    if (!failed && copy_out(w->image, columns, rows, prec, sgnd, dst)) {
      failed = 1;
      on_complaint("the decoded image is not what its header promised", &c);
    }
  }
  /* After a failed assertion too: it has checked data, and the library's own
     structures are whole. */
  if (w->image != NULL) {
    lib->image_destroy(w->image);
  }
  if (w->stream != NULL) {
    lib->stream_destroy(w->stream);
  }
  if (w->codec != NULL) {
    lib->destroy_codec(w->codec);
  }
  free(w->parameters);
  free(w);
  return failed;
}
