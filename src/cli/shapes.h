/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shapes.h -- records to be published, in the languages of those who publish
 * them. A shape knows quoting and layout; what the records say is decided
 * before (REQ CLI-14, CLI-43).
 */
#pragma once

#include "holdfast/holdfast.h"

enum hf_shape {
    HF_SHAPE_ZONE,       /* lines of a zone file, absolute names */
    HF_SHAPE_JSON,       /* one object a line */
    HF_SHAPE_CSV,        /* RFC 4180, with a header */
    HF_SHAPE_NSUPDATE,   /* script for nsupdate and knsupdate */
    HF_SHAPE_TERRAFORM,  /* dns_txt_record_set resources */
    HF_SHAPE_OCTODNS,    /* YAML, one document a zone */
    HF_SHAPE_DNSCONTROL, /* D_EXTEND() calls, one a zone */
    HF_SHAPE_VALUE,      /* the bare value */
    HF_SHAPE_TEXT,       /* words for a change ticket */
};

#define HF_SHAPE_CHOICES                                                       \
    "zone json csv nsupdate terraform octodns dnscontrol value text"

bool hf_shape_find(struct hf_span word, enum hf_shape *out);

/* Does this shape want the names of one zone together? */
bool hf_shape_groups(enum hf_shape shape);

#define HF_ADDITION_VALUES 2 /* --both */

/* What is to be added for one name. Names are canonical, without the last
 * dot; everything is borrowed. */
struct hf_addition {
    struct hf_span name;  /* the ADN */
    struct hf_span owner; /* `_validation-persist.` + name */
    struct hf_span zone;  /* name ends in it, or is it */
    uint32_t ttl_s;
    struct hf_span values[HF_ADDITION_VALUES];
    size_t value_count;
    struct hf_span caa; /* value of a CAA `issue` property, or empty */
    int64_t until_at;   /* INT64_MAX: no end */
    bool wildcard;
};

/* The state of one output: zero it, and set the shape. */
struct hf_shaper {
    enum hf_shape shape;
    struct hf_name zone; /* of the group that is open */
    bool in_group;
    size_t in_message; /* nsupdate: additions since the last "send" */
};

/* Write one addition; opens the document and its group when needed. */
void hf_shaper_put(struct hf_shaper *shaper, const struct hf_addition *add,
                   struct hf_buf *out);

/* End what is open. A document without additions is empty, but for the header
 * of CSV. */
void hf_shaper_close(struct hf_shaper *shaper, struct hf_buf *out);
