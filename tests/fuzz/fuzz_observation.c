/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "ca/coordinator.h"
#include "holdfast/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same for a coordinator: never less than a quorum that counts. */
static void coordinate(struct hf_span body,
                       const struct hf_perspective_self *self)
{
    static struct hf_coordination c;
    const char *objection = NULL;

    if (hf_coordination_read(body, 4, self, &c, &objection, NULL) == HF_OK &&
        objection == NULL)
        assert(c.quorum >= 3 && c.quorum <= 4 && c.attempts >= 1);
    hf_coordination_clear(&c);
}

static void check(const struct hf_observation *o, bool caa)
{
    const struct hf_errand *errand = &o->errand;

    assert((errand->way == HF_WAY_CAA) == caa);
    assert(errand->is_ip ? errand->name.len <= 45
                         : hf_name_is_canonical(errand->name));
    assert(errand->key_authorization.len <= HF_KEY_AUTHORIZATION_MAX);
    assert(errand->way != HF_WAY_DNS_PERSIST || errand->account_uri.len > 0);
    for (size_t i = 0; i < errand->issuer_count; i++)
        assert(hf_name_is_canonical(errand->issuers[i]));
}

/* What is no request is objected to; what is one can be looked at, and an eye
 * that saw nothing makes a reply. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hf_span issuer = HF_SPAN_INIT("ca.example");
    struct hf_span body = {(const char *)data, size};
    struct hf_perspective_self self = {.code = HF_SPAN("one"),
                                       .rir = HF_SPAN("ARIN"),
                                       .issuers = &issuer,
                                       .issuer_count = 1};
    const struct hf_view view = {.failure = "nothing"};
    struct hf_digest *digest = NULL;

    assert(hf_digest_new(&digest, NULL) == HF_OK);
    self.digest = digest;
    for (int caa = 0; caa < 2; caa++) {
        static struct hf_observation o;
        const char *objection = NULL;
        struct hf_buf out;
        enum hf_err err =
            hf_observation_read(body, caa, &self, &o, &objection, NULL);

        hf_buf_init_grow(&out, HF_PERSPECTIVE_REPLY_MAX);
        if (err == HF_OK && objection == NULL) {
            check(&o, caa);
            err = hf_observation_put(&o, &self, &view, (struct hf_time){.s = 1},
                                     &out, NULL);
            assert(err == HF_OK || err == HF_EINVAL || err == HF_ELIMIT);
        }
        hf_buf_clear(&out);
        hf_observation_clear(&o);
    }
    coordinate(body, &self);
    hf_digest_free(digest);
    return 0;
}
