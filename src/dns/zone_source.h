/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_source.h -- the files of a zone, one inside the other: buffered octets
 * and what a line may depend on (origin, last owner, TTLs).
 */
#pragma once

#include "dns/zone_generate.h"
#include "dns/zone_name.h"

/* What stood between owner and data on lines before, as octets and as what
 * they meant: TTL, class and type repeat all the time. See zone_glance.h. */
#define HF_ZONE_FIELDS_MAX  3 /* words */
#define HF_ZONE_FIELDS_BITS 6

struct hf_zone_octets {
    uint64_t head; /* as they lie in memory */
    uint64_t tail;
};

struct hf_zone_fields {
    struct hf_zone_octets text; /* all zero: nothing is remembered */
    uint16_t type;
    bool has_ttl;
    uint32_t ttl_s;
};

/* One open file. The owner that later lines depend on is kept as it was read,
 * and copied only when the buffer moves on. */
struct hf_zone_source {
    struct hf_zone_source *outer;
    char *path;
    int fd;
    bool owns_fd;
    bool wants_caa;
    bool generates; /* not a file, but the lines of `generate` */
    struct hf_zone_generate generate;
    bool at_end;
    bool skips; /* in a line longer than the buffer: drop up to its end */
    char *room; /* unread octets are room[from..to); zeros follow them */
    size_t size;
    size_t from;
    size_t to;
    uint64_t line;        /* number of the line at `from` */
    unsigned field_words; /* of the last line, at least 1 */
    struct hf_zone_fields fields[1U << HF_ZONE_FIELDS_BITS];

    bool has_origin;
    struct hf_zone_name origin;
    bool has_owner;
    struct hf_zone_word owner; /* last stated under this origin ... */
    bool owner_is_read;        /* ... and whether owner_name is it */
    bool owner_is_bad;
    struct hf_zone_name owner_name;
    enum hf_zone_place owner_place;
    bool owner_has_ns; /* an NS there was given out just now */
    bool has_default_ttl;
    uint32_t default_ttl_s; /* $TTL */
    bool has_last_ttl;
    uint32_t last_ttl_s; /* last stated */
    char owner_room[HF_ZONE_NAME_MAX + 1];
};

/*
 * Open `path` inside `outer` (NULL: the outermost; then "-" is standard
 * input). An included file must be a regular one.
 * Owns: hf_zone_source_free(). Fails: HF_ENOTFOUND, HF_ESYSTEM, HF_EINVAL,
 *       HF_ENOMEM.
 */
enum hf_err hf_zone_source_open(const char *path, struct hf_zone_source *outer,
                                struct hf_zone_source **out,
                                struct hf_why *why);

/*
 * The lines that `generate` stands for, as if they stood in a file of their
 * own inside `outer`. `generate` is taken over, also on failure.
 * Owns: hf_zone_source_free(). Fails: HF_ENOMEM.
 */
enum hf_err hf_zone_source_generate(const struct hf_zone_generate *generate,
                                    struct hf_zone_source *outer,
                                    struct hf_zone_source **out,
                                    struct hf_why *why);

/* Close this one; returns the outer. */
struct hf_zone_source *hf_zone_source_free(struct hf_zone_source *source);

/*
 * Read more behind what is unread; at the end of the file a missing last
 * newline is added and at_end set.
 * Fails: HF_ELIMIT (the buffer is full of one entry), HF_ESYSTEM,
 *        HF_ECANCELED, HF_ENOMEM.
 */
enum hf_err hf_zone_source_fill(struct hf_zone_source *source,
                                struct hf_why *why);

/* Before the origin changes: complete the last stated owner under this one. */
void hf_zone_source_settle(struct hf_zone_source *source);

/* The last stated owner, completed now if it was not. */
enum hf_err hf_zone_source_owner(struct hf_zone_source *source,
                                 struct hf_why *why);
